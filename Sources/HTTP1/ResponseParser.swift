package import HTTPModel

/// Reads the head of the gateway's response, as strictly as that of a request: a client must never
/// see two responses where the gateway sent one.
package enum ResponseParser {
    /// Parses one head, its blank line included. `method` is that of the request it answers.
    package static func parse(
        _ head: Span<UInt8>, answering method: Method, limits: HeadLimits
    ) throws(HTTP1Error) -> ResponseHead {
        var reader = try HeadReader(copying: head, limits: limits)
        let version = try reader.takeVersion()
        let status = try takeStatus(&reader)
        let reason = try takeReason(&reader)
        let fields = try reader.takeFields(
            countMax: limits.fieldCountMax, bytesMax: limits.headBytesMax)

        let options = ConnectionOptions(fields)
        guard options.isWellFormed else { throw .badConnection }
        let declared = try fields.declaredLength(version)
        let framing = framing(declared, status: status, answering: method)
        return ResponseHead(
            status: status, reason: reason, version: version, fields: fields, framing: framing,
            allowsReuse: options.keepsAlive(version) && framing != .untilClose
                && !isContradictory(declared, status: status))
    }

    private static func takeStatus(_ reader: inout HeadReader) throws(HTTP1Error) -> Int {
        guard reader.take(ASCII.space), let hundreds = reader.takeDigit(),
            let tens = reader.takeDigit(), let ones = reader.takeDigit()
        else { throw .badStatus }
        let status = hundreds * 100 + tens * 10 + ones
        guard (100...599).contains(status) else { throw .badStatus }
        return status
    }

    /// Takes the rest of the status line. Some gateways leave out the space before no reason.
    private static func takeReason(_ reader: inout HeadReader) throws(HTTP1Error) -> String {
        guard reader.take(ASCII.space) else {
            guard reader.takeLineEnd() else { throw .badStatus }
            return ""
        }
        let reason = reader.take { $0.isFieldValue }
        guard reader.takeLineEnd() else { throw .forbiddenByte }
        // Nobody may rely on the reason, so one that is no text is left out.
        return String(validating: reader.bytes[reason], as: UTF8.self) ?? ""
    }

    /// How the body ends (RFC 9112, section 6.3).
    private static func framing(
        _ declared: Fields.DeclaredLength, status: Int, answering method: Method
    ) -> BodyFraming {
        if method == .head || status == 304 || hasNeverBody(status) { return .none }
        return switch declared {
        case .none: .untilClose
        case .length(let count): .length(count)
        case .chunked: .chunked
        }
    }

    private static func hasNeverBody(_ status: Int) -> Bool { status < 200 || status == 204 }

    /// Whether a response that has no body announces one. It may then send it, and the bytes would
    /// be taken for the next response. `101` ends HTTP on this connection altogether.
    private static func isContradictory(_ declared: Fields.DeclaredLength, status: Int) -> Bool {
        guard hasNeverBody(status) else { return false }
        return switch declared {
        case .none, .length(0): status == 101
        case .length, .chunked: true
        }
    }
}
