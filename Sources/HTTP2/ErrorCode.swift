/// Why a stream or a connection ends (RFC 9113, section 7). Unknown codes are kept as they came.
package struct ErrorCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let noError = ErrorCode(rawValue: 0)
    package static let protocolError = ErrorCode(rawValue: 1)
    package static let internalError = ErrorCode(rawValue: 2)
    package static let flowControlError = ErrorCode(rawValue: 3)
    package static let settingsTimeout = ErrorCode(rawValue: 4)
    package static let streamClosed = ErrorCode(rawValue: 5)
    package static let frameSizeError = ErrorCode(rawValue: 6)
    package static let refusedStream = ErrorCode(rawValue: 7)
    package static let cancel = ErrorCode(rawValue: 8)
    package static let compressionError = ErrorCode(rawValue: 9)
    package static let enhanceYourCalm = ErrorCode(rawValue: 11)

    /// In one word, for logs.
    package var word: String {
        switch self {
        case .noError: "no_error"
        case .protocolError: "protocol_error"
        case .internalError: "internal_error"
        case .flowControlError: "flow_control_error"
        case .settingsTimeout: "settings_timeout"
        case .streamClosed: "stream_closed"
        case .frameSizeError: "frame_size_error"
        case .refusedStream: "refused_stream"
        case .cancel: "cancel"
        case .compressionError: "compression_error"
        case .enhanceYourCalm: "enhance_your_calm"
        default: "error"
        }
    }
}

/// Why a connection of HTTP/2 has to end.
package enum SessionFailure: Error, Equatable, Sendable {
    /// What came first was not the preface of HTTP/2.
    case badPreface
    /// The client broke the protocol, and nghttp2 has said so to it.
    case protocolViolation(ErrorCode)
    case resetFlood
    case controlFlood
    /// More acknowledgements are owed than the client takes.
    case acknowledgementFlood
    /// A field section that unpacks to many times what a request may have.
    case headerFlood
    /// No memory, or something that nghttp2 does not do.
    case library(Int32)

    /// In one constant word, for logs.
    package var reason: String {
        switch self {
        case .badPreface: "h2_bad_preface"
        case .protocolViolation(let code): "h2_\(code.word)"
        case .resetFlood: "h2_reset_flood"
        case .controlFlood: "h2_control_flood"
        case .acknowledgementFlood: "h2_acknowledgement_flood"
        case .headerFlood: "h2_header_flood"
        case .library: "h2_library"
        }
    }

    /// Whether it is the client's doing.
    package var isClients: Bool {
        if case .library = self { false } else { true }
    }
}
