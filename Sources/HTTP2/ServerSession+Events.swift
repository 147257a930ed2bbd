internal import CNGHTTP2
import HTTP1
import HTTPModel

/// What the callbacks come to.
extension ServerSession {
    /// - Returns: false when it is one too many, and the connection ends.
    func countReset() -> Bool {
        guard floods.countReset(now: now) else { return true }
        stop(.resetFlood, .enhanceYourCalm)
        return false
    }

    /// One more field of a section, trailers too. Each is looked at by nghttp2, whether or not it is
    /// kept, and an entry of its table that is named again costs the client a byte (F05).
    ///
    /// - Returns: false when that goes too far, and the connection ends.
    func countField(_ size: Int) -> Bool {
        sectionBytes += size + RequestDraft.overhead
        guard sectionBytes > Self.sectionsMax * max(limits.headerBytesMax, 65_536) else {
            return true
        }
        stop(.headerFlood, .enhanceYourCalm)
        return false
    }

    /// How many times what a request may have: up to there, whoever merely has too many cookies is
    /// told so.
    private static let sectionsMax = 4

    /// A field section is whole, and what it amounts to is known.
    ///
    /// - Returns: false when that is too much for what was sent, and the connection ends.
    func countSection() -> Bool {
        guard floods.count(unpacked: sectionBytes, from: packedBytes, now: now) else {
            return true
        }
        stop(.headerFlood, .enhanceYourCalm)
        return false
    }

    /// We have reset a stream. Where the client's mistake was the reason, it counts as the client's
    /// own: otherwise it could have us reset for it (CVE-2025-8671).
    func resetSent(_ code: ErrorCode) {
        switch code {
        case .noError, .internalError, .cancel: return
        default: if failure == nil { _ = countReset() }
        }
    }

    /// nghttp2 ends the connection because of a mistake of the client's.
    func goAwaySent(_ code: ErrorCode) {
        hasSaidGoAway = true
        if failure == nil, code != .noError { failure = .protocolViolation(code) }
    }

    /// A field section is complete: a request's, or its trailers'.
    func headersArrived(on stream: Int32, endStream: Bool) {
        floods.earn(request: now)
        guard let draft, draft.stream == stream else {
            if endStream { handler.bodyEnded(on: stream) }
            return
        }
        self.draft = nil
        known.insert(stream)
        if stream == .max { shutDown() }
        guard !draft.request.isRefused else {
            return handler.requestRefused(.unavailable, on: stream, isComplete: endStream)
        }
        do throws(HTTP1Error) {
            let head = try draft.request.head(isComplete: endStream, limits: limits)
            handler.requestArrived(head, on: stream, isComplete: endStream)
        } catch {
            handler.requestRefused(.invalid(error), on: stream, isComplete: endStream)
        }
    }

    /// nghttp2 has found a mistake in a request's fields, and resets its stream.
    func requestIsMalformed(on stream: Int32) {
        guard draft?.stream == stream else { return }
        draft = nil
        handler.requestRefused(.malformed, on: stream, isComplete: true)
    }

    func streamClosed(_ stream: Int32, _ code: ErrorCode) {
        states.close(stream)
        // A field section that was given up is not waited for any more.
        if draft?.stream == stream { draft = nil }
        guard known.remove(stream) != nil else { return }
        handler.streamClosed(stream, error: code)
    }

    /// Whether they will stand behind the body.
    func sendTrailers(_ trailers: Fields, on stream: Int32) -> Bool {
        // SAFETY: nghttp2 copies the pairs.
        unsafe ResponseBlock(trailers).withPairs { pairs in
            unsafe nghttp2_submit_trailer(session, stream, pairs.baseAddress, pairs.count) == 0
        }
    }
}
