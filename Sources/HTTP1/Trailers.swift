package import HTTPModel

/// The fields behind a chunked body (RFC 9110, section 6.5).
///
/// Only what merely reports may come so late. A field that says how to frame, route, authorize,
/// cache or read the message has been acted on by then, or not at all, and two readers could differ
/// about which: it is dropped (RFC 9110, section 6.5.1).
enum Trailers {
    /// Trailers as they were sent, from the first line to the blank one; what is dangerous left out.
    static func read(_ section: [UInt8]) throws(HTTP1Error) -> Fields {
        var reader = try HeadReader(
            copying: section.span,
            limits: HeadLimits(
                headBytesMax: section.count, fieldCountMax: ChunkedDecoder.trailerCountMax))
        let all = try reader.takeFields(
            countMax: ChunkedDecoder.trailerCountMax, bytesMax: section.count)
        return Fields(
            bytes: all.bytes,
            entries: all.entries.filter { !isDangerous(all.bytes[$0.name], known: $0.known) })
    }

    private static func isDangerous(_ name: ArraySlice<UInt8>, known: FieldName?) -> Bool {
        if known != nil || ProtectedName.isImitated(by: name) { return true }
        let text = String(decoding: name.map(\.lowercased), as: UTF8.self)
        return ProtectedName.contains(text) || Provenance.contains(text) || names.contains(text)
            || prefixes.contains { text.hasPrefix($0) }
    }

    private static let names: Set<String> = [
        "age", "expires", "http2-settings", "last-modified", "max-forwards", "pragma", "range",
        "refresh", "warning", "www-authenticate",
    ]

    private static let prefixes = [
        "access-control-", "alt-", "authentication-", "content-", "cross-origin-", "if-", "proxy-",
        "strict-transport-",
    ]
}

extension ChunkHeader {
    /// What ends a body that has trailers (RFC 9112, section 7.1.2).
    package static func lastChunk(with trailers: Fields) -> [UInt8] {
        var writer = HeadWriter(capacity: trailers.bytes.count + 16)
        writer.startLine("0")
        for entry in trailers.entries { writer.field(entry, of: trailers) }
        writer.endLine()
        return writer.bytes
    }
}
