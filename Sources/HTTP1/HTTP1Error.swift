/// What is wrong with a message. Every case closes the connection: after it, nobody knows where
/// the next message would begin.
package enum HTTP1Error: String, Error, Equatable, CaseIterable, Sendable {
    /// A control byte, a CR without its LF or a LF without its CR.
    case forbiddenByte = "forbidden_byte"
    case badStartLine = "bad_start_line"
    case badMethod = "bad_method"
    case methodNotAllowed = "method_not_allowed"
    case badTarget = "bad_target"
    case targetTooLong = "target_too_long"
    case versionNotSupported = "version_not_supported"
    case badStatus = "bad_status"

    /// No name before a colon, a space in the name, or a folded line.
    case badField = "bad_field"
    case fieldTooLong = "field_too_long"
    case tooManyFields = "too_many_fields"
    case headTooLong = "head_too_long"
    /// Missing, given twice, not a host, or not the one that the target names.
    case badHost = "bad_host"
    case badConnection = "bad_connection"
    /// `Connection` asks us to strip a field that someone else trusts.
    case protectedField = "protected_field"
    case expectationFailed = "expectation_failed"
    /// A WebSocket without its key (RFC 6455, section 4.1).
    case badUpgrade = "bad_upgrade"
    case badLastEventID = "bad_last_event_id"

    case badContentLength = "bad_content_length"
    case badTransferEncoding = "bad_transfer_encoding"
    /// Both lengths at once: two parsers would read two different messages.
    case ambiguousLength = "ambiguous_length"
    case badChunk = "bad_chunk"
    case chunkExtensionTooLong = "chunk_extension_too_long"
    case badTrailer = "bad_trailer"
    case trailerTooLong = "trailer_too_long"

    /// The status that answers a request with this fault. A response with it is always a `502`.
    package var status: Int {
        switch self {
        case .forbiddenByte, .badStartLine, .badMethod, .badTarget, .badStatus, .badField,
            .badHost, .badConnection, .badUpgrade, .protectedField, .badLastEventID,
            .badContentLength, .badTransferEncoding, .ambiguousLength, .badChunk,
            .chunkExtensionTooLong, .badTrailer:
            400
        case .methodNotAllowed: 405
        case .targetTooLong: 414
        case .expectationFailed: 417
        case .fieldTooLong, .tooManyFields, .headTooLong, .trailerTooLong: 431
        case .versionNotSupported: 505
        }
    }

    /// The fault in one stable word for logs.
    package var reason: String { rawValue }
}
