package import HTTPModel

/// A request whose parts came apart, as in HTTP/2: the same rules hold as for one that was parsed.
extension RequestParser {
    /// Checks the parts and puts them together. `upgrade` is the value of `:protocol` (RFC 8441,
    /// section 4); `isComplete` says that no body follows.
    package static func assemble(
        method: [UInt8], target written: [UInt8], authority named: [UInt8]?, upgrade: [UInt8]?,
        fields: Fields, isComplete: Bool, targetBytesMax: Int
    ) throws(HTTP1Error) -> RequestHead {
        guard written.count <= targetBytesMax else { throw .targetTooLong }
        let sent = try checkedMethod(method[...])
        // What is asked of the gateway is the upgrade of a GET.
        let isTunnel = sent == .connect && upgrade != nil
        guard sent != .connect && sent != .trace || isTunnel else { throw .methodNotAllowed }
        let wish = try isTunnel ? upgrade.map(protocolName) : nil
        let method = isTunnel ? Method.get : sent
        guard !written.isEmpty, written.allSatisfy(\.isVisible),
            written.first == ASCII.slash || method == .options
        else { throw .badTarget }
        let target = try TargetParser.parse(written[...], method: method)
        guard target.authority == nil else { throw .badTarget }
        var fields = fields
        let authority = try authority(fields, named.map { $0[...] }, .http2)
        fields.remove(.host)  // It is the authority, and written from that.
        try checkExpectation(fields)
        try checkLastEventID(fields)
        let framing = try framing(fields, isComplete: isComplete || isTunnel)
        // As for an upgrade in HTTP/1.1: a body would be read as the other protocol.
        if isTunnel, framing != .none { throw .badUpgrade }
        return RequestHead(
            method: method, target: target.target, version: .http2, authority: authority,
            fields: fields, framing: framing, wantsKeepAlive: true, upgrade: wish)
    }

    private static func framing(
        _ fields: Fields, isComplete: Bool
    ) throws(HTTP1Error) -> BodyFraming {
        switch try fields.declaredLength(.http2) {
        case .none: isComplete ? .none : .chunked
        case .length(let count): isComplete && count == 0 ? .none : .length(count)
        case .chunked: throw .badTransferEncoding
        }
    }

    /// One protocol, and never HTTP/2 again (H19).
    private static func protocolName(_ bytes: [UInt8]) throws(HTTP1Error) -> String {
        let name = String(decoding: bytes.map(\.lowercased), as: UTF8.self)
        guard !bytes.isEmpty, bytes.allSatisfy(isProtocolByte), name != "h2c" else {
            throw .badUpgrade
        }
        return name
    }
}
