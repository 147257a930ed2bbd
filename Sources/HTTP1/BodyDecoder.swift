package import HTTPModel

/// Tells payload from framing in the bytes of one body. It never copies: it answers with offsets
/// into the bytes that it is shown.
package struct BodyDecoder: Sendable {
    /// What the bytes from an offset on are.
    package enum Step: Equatable, Sendable {
        /// Payload. Go on at the range's upper bound.
        case data(Range<Int>)
        /// All bytes are used up and the body goes on.
        case needMore
        /// The body is over. The bytes from this offset on belong to the next message.
        case end(Int)
    }

    private enum State {
        case length(remaining: Int64)
        case chunked(ChunkedDecoder)
        case untilClose
    }

    private var state: State

    /// `keepsTrailers`: whether somebody wants the fields behind a chunked body.
    package init(_ framing: BodyFraming, keepsTrailers: Bool = false) {
        state =
            switch framing {
            case .none: .length(remaining: 0)
            case .length(let count): .length(remaining: max(0, count))
            case .chunked: .chunked(ChunkedDecoder(keepsTrailers: keepsTrailers))
            case .untilClose: .untilClose
            }
    }

    /// Whether the whole body has been seen.
    package var isComplete: Bool {
        switch state {
        case .length(let remaining): remaining == 0
        case .chunked(let decoder): decoder.isComplete
        case .untilClose: false
        }
    }

    /// The trailers of a body that is complete, without the dangerous ones.
    package func trailers() throws(HTTP1Error) -> Fields? {
        guard case .chunked(let decoder) = state else { return nil }
        return try decoder.trailers()
    }

    /// Whether a connection that closes now ends the body as the sender meant it.
    package var endsProperlyAtEOF: Bool {
        switch state {
        case .length, .chunked: isComplete
        case .untilClose: true
        }
    }

    /// Looks at `bytes` from `start` on.
    ///
    /// - Throws: ``HTTP1Error`` for chunks or trailers that break the grammar or their limits.
    package mutating func next(
        _ bytes: Span<UInt8>, from start: Int
    ) throws(HTTP1Error) -> Step {
        precondition(start >= 0 && start <= bytes.count, "The offset is the caller's own.")
        switch state {
        case .length(let remaining):
            guard remaining > 0 else { return .end(start) }
            guard start < bytes.count else { return .needMore }
            let count = Int(min(remaining, Int64(bytes.count - start)))
            state = .length(remaining: remaining - Int64(count))
            return .data(start..<start + count)
        case .chunked(var decoder):
            let step = try decoder.next(bytes, from: start)
            state = .chunked(decoder)
            return step
        case .untilClose:
            return start < bytes.count ? .data(start..<bytes.count) : .needMore
        }
    }
}
