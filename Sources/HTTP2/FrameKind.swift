/// The types of frames that we look at (RFC 9113, section 6).
enum FrameKind {
    case data, headers, resetStream, settings, goAway, continuation, other

    init(_ type: UInt8) {
        self =
            switch type {
            case 0: .data
            case 1: .headers
            case 3: .resetStream
            case 4: .settings
            case 7: .goAway
            case 9: .continuation
            default: .other
            }
    }

    /// Whether such a frame costs work and brings nothing. Of a field section that is not known
    /// yet: what comes of it earns its frame back.
    func movesNothingOn(length: Int, endsStream: Bool) -> Bool {
        switch self {
        case .settings, .headers, .goAway, .continuation, .other: true
        case .data: length < FloodGuard.tinyDataBytes && !endsStream
        case .resetStream: false  // Counted by itself.
        }
    }
}
