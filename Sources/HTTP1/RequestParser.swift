package import HTTPModel

/// Reads the head of a request, strictly: what two parsers could read in two ways is refused
/// before anything reaches the gateway.
package enum RequestParser {
    /// The longest id that a client may resume from.
    package static let lastEventIDBytesMax = 1024

    /// Parses one head, its blank line included, as ``HeadFinder`` found it.
    package static func parse(
        _ head: Span<UInt8>, limits: HeadLimits
    ) throws(HTTP1Error) -> RequestHead {
        var reader = try HeadReader(copying: head, limits: limits)
        if reader.next == ASCII.carriageReturn, !reader.takeLineEnd() { throw .forbiddenByte }

        let method = try takeMethod(&reader)
        let written = try takeTarget(&reader, bytesMax: limits.targetBytesMax)
        let version = try reader.takeVersion()
        guard reader.takeLineEnd() else { throw .badStartLine }
        let target = try TargetParser.parse(reader.bytes[written], method: method)
        let fields = try reader.takeFields(
            countMax: limits.fieldCountMax, bytesMax: limits.fieldBytesMax)

        let authority = try authority(fields, target.authority, version)
        let framing = try framing(fields, version)
        let options = try connectionOptions(fields)
        try checkExpectation(fields)
        try checkLastEventID(fields)
        return RequestHead(
            method: method, target: target.target, version: version, authority: authority,
            fields: fields, framing: framing, wantsKeepAlive: options.keepsAlive(version),
            upgrade: try upgrade(fields, options, version, method, framing))
    }

    // MARK: - The request line

    private static func takeMethod(_ reader: inout HeadReader) throws(HTTP1Error) -> Method {
        let name = reader.take(while: isMethodByte)
        guard reader.take(ASCII.space) else { throw .badMethod }
        let method = try checkedMethod(reader.bytes[name])
        guard method != .connect, method != .trace else { throw .methodNotAllowed }
        return method
    }

    /// The method that `name` is, `CONNECT` and `TRACE` among them.
    static func checkedMethod(_ name: ArraySlice<UInt8>) throws(HTTP1Error) -> Method {
        guard !name.isEmpty, name.count <= HeadLimits.methodBytesMax, name.allSatisfy(isMethodByte)
        else { throw .badMethod }
        let method = Method(String(decoding: name, as: UTF8.self))
        // The preface of HTTP/2 is no request.
        guard method != .other("PRI") else { throw .badMethod }
        return method
    }

    private static func isMethodByte(_ byte: UInt8) -> Bool {
        byte.isUpperLetter || byte.isDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func takeTarget(
        _ reader: inout HeadReader, bytesMax: Int
    ) throws(HTTP1Error) -> Range<Int> {
        let written = reader.take { $0.isVisible }
        guard written.count <= bytesMax else { throw .targetTooLong }
        guard !written.isEmpty, reader.take(ASCII.space) else { throw .badTarget }
        return written
    }

    // MARK: - The fields

    static func authority(
        _ fields: Fields, _ targetAuthority: ArraySlice<UInt8>?, _ version: HTTPVersion
    ) throws(HTTP1Error) -> String {
        let host = try fields.onlyLine(.host, orThrow: .badHost).map { fields.bytes[$0.value] }
        switch version {
        case .http10: break
        case .http11: if host == nil { throw .badHost }
        case .http2: if host == nil, targetAuthority == nil { throw .badHost }
        }
        for authority in [host, targetAuthority] {
            if let authority, !Authority.isValid(authority) { throw .badHost }
        }
        if let host, let targetAuthority, !host.equalsIgnoringCase(targetAuthority) {
            throw .badHost
        }
        return String(decoding: host ?? targetAuthority ?? [], as: UTF8.self)
    }

    private static func framing(
        _ fields: Fields, _ version: HTTPVersion
    ) throws(HTTP1Error) -> BodyFraming {
        let declared = try fields.declaredLength(version)
        for entry in fields.entries where fields.isPadded(entry) {
            if entry.known == .contentLength { throw .badContentLength }
            if entry.known == .transferEncoding { throw .badTransferEncoding }
        }
        return switch declared {
        case .none: .none
        case .length(let count): .length(count)
        case .chunked: .chunked
        }
    }

    private static func connectionOptions(
        _ fields: Fields
    ) throws(HTTP1Error) -> ConnectionOptions {
        let options = ConnectionOptions(fields)
        guard options.isWellFormed else { throw .badConnection }
        guard !options.names.contains(where: ProtectedName.contains) else { throw .protectedField }
        return options
    }

    /// The protocol that the client wants to go on with. Any other wish is declined by not hearing
    /// it, as RFC 9110, section 7.8, allows: a choice of several, one with a body in between, and
    /// HTTP/2 without TLS, which would be a request that nobody here has read (H19).
    private static func upgrade(
        _ fields: Fields, _ options: ConnectionOptions, _ version: HTTPVersion, _ method: Method,
        _ framing: BodyFraming
    ) throws(HTTP1Error) -> String? {
        guard version == .http11, options.names.contains("upgrade") else { return nil }
        let wished = fields.listMembers(.upgrade)
        if wished.contains("websocket"), fields.all(named: "sec-websocket-key").isEmpty {
            throw .badUpgrade
        }
        guard method == .get, framing == .none, wished.count == 1, wished[0] != "h2c",
            wished[0].utf8.allSatisfy(isProtocolByte)
        else { return nil }
        return wished[0]
    }

    /// A name and, behind a slash, a version.
    static func isProtocolByte(_ byte: UInt8) -> Bool {
        byte.isToken || byte == ASCII.slash
    }

    /// Only the one expectation that HTTP defines (RFC 9110, section 10.1.1).
    static func checkExpectation(_ fields: Fields) throws(HTTP1Error) {
        let expectation = try fields.onlyLine(.expect, orThrow: .expectationFailed)
        guard let expectation else { return }
        guard fields.bytes[expectation.value].equalsIgnoringCase("100-continue".utf8) else {
            throw .expectationFailed
        }
    }

    static func checkLastEventID(_ fields: Fields) throws(HTTP1Error) {
        let line = try fields.onlyLine(.lastEventID, orThrow: .badLastEventID)
        guard let line else { return }
        guard line.value.count <= lastEventIDBytesMax else { throw .badLastEventID }
    }
}

extension RequestHead {
    /// Whether the client waits for a `100` before it sends the body (RFC 9110, section 10.1.1).
    /// One of HTTP/1.0 never does, and without a body there is nothing to wait with.
    package var awaitsContinue: Bool {
        guard version != .http10, fields.count(of: .expect) > 0 else { return false }
        return switch framing {
        case .none, .length(0): false
        case .length, .chunked, .untilClose: true
        }
    }
}
