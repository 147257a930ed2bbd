/// The types of frames that we look at (RFC 9113, section 6).
enum FrameKind {
    case data, headers, resetStream, settings, goAway, windowUpdate, continuation, other

    init(_ type: UInt8) {
        self =
            switch type {
            case 0: .data
            case 1: .headers
            case 3: .resetStream
            case 4: .settings
            case 7: .goAway
            case 8: .windowUpdate
            case 9: .continuation
            default: .other
            }
    }
}
