/// Where each stream stands by what its client has said on it and by how it was closed (RFC 9113,
/// section 5.1). nghttp2 throws away what comes on a stream that it has closed, and tells nobody.
///
/// Invariants:
/// 1. Numbers only grow: a stream is opened by HEADERS with a number above all before it.
/// 2. What is remembered of closed streams is bounded, and enough for every client that keeps to the
///    limit of concurrent streams: of those that it does not know to be closed there are no more.
struct StreamStates {
    enum Verdict: Equatable {
        /// Its stream may carry it.
        case expected
        /// Its stream is over, which the client may not have known: it is counted and ignored.
        case late
        case breach(ErrorCode)
    }

    private var highest: Int32 = 0
    /// The stream whose field section goes on.
    private var section: Int32?
    /// Streams that are not closed, and whether the client has said its last on them.
    private var open: [Int32: Bool] = [:]
    /// Closed by us, or ignored, before the client had said its last.
    private var dropped: RecentStreams
    /// Closed after that.
    private var closed: RecentStreams

    /// Before it hears of our limit, a client may open more than that.
    private static let unheardMax = 512

    init(streamsMax: Int) {
        dropped = RecentStreams(countMax: streamsMax + Self.unheardMax)
        closed = RecentStreams(countMax: streamsMax + Self.unheardMax)
    }

    /// Whether `frame` may come now; notes what it says. `ignoresNew`: streams that it would open are
    /// not served any more.
    mutating func judge(_ frame: Frame, ignoresNew: Bool) -> Verdict {
        if breaksSection(frame) { return .breach(.protocolError) }
        // What belongs to the connection is nghttp2's matter.
        guard frame.stream != 0 else { return .expected }
        switch frame.kind {
        // In any state: PRIORITY, and what nobody knows.
        case .settings, .goAway, .continuation, .other: return .expected
        case .data, .headers, .resetStream, .windowUpdate: break
        }
        // We open none, so those with even numbers are idle for ever.
        if frame.stream > highest || frame.stream % 2 == 0 {
            return judgeIdle(frame, ignoresNew: ignoresNew)
        }
        if let hasEnded = open[frame.stream] { return judgeOpen(frame, hasEnded: hasEnded) }
        if dropped.contains(frame.stream) { return .late }
        return judgeClosed(frame)
    }

    /// A field section is one piece, with nothing in between (RFC 9113, section 4.3).
    private mutating func breaksSection(_ frame: Frame) -> Bool {
        let goesOn = frame.kind == .continuation
        guard goesOn == (section != nil), !goesOn || frame.stream == section else { return true }
        if goesOn || frame.kind == .headers { section = frame.endsHeaders ? nil : frame.stream }
        return false
    }

    private mutating func judgeIdle(_ frame: Frame, ignoresNew: Bool) -> Verdict {
        guard frame.kind == .headers, frame.stream % 2 == 1 else { return .breach(.protocolError) }
        highest = frame.stream
        guard !ignoresNew else {
            note(closed: frame.stream, hasEnded: frame.endsStream)
            return .late
        }
        open[frame.stream] = frame.endsStream
        return .expected
    }

    private mutating func judgeOpen(_ frame: Frame, hasEnded: Bool) -> Verdict {
        switch frame.kind {
        case .data, .headers:
            guard !hasEnded else { return .breach(.streamClosed) }
            if frame.endsStream { open[frame.stream] = true }
        case .resetStream: open[frame.stream] = true
        case .windowUpdate, .settings, .goAway, .continuation, .other: break
        }
        return .expected
    }

    /// The client knows that it has said its last, or never opened the stream: it let the number out.
    private func judgeClosed(_ frame: Frame) -> Verdict {
        switch frame.kind {
        case .data: .breach(.streamClosed)
        // As a request it would be out of order (RFC 9113, section 5.1.1).
        case .headers: .breach(closed.contains(frame.stream) ? .streamClosed : .protocolError)
        case .resetStream, .windowUpdate, .settings, .goAway, .continuation, .other: .late
        }
    }

    /// The stream was closed or reset, or was never begun. Said again, it changes nothing.
    mutating func close(_ stream: Int32) {
        guard let hasEnded = open.removeValue(forKey: stream) else { return }
        note(closed: stream, hasEnded: hasEnded)
    }

    private mutating func note(closed stream: Int32, hasEnded: Bool) {
        if hasEnded { closed.insert(stream) } else { dropped.insert(stream) }
    }
}

/// The last streams of some kind, at most so many.
private struct RecentStreams {
    private var streams: [Int32] = []
    private var oldest = 0
    private let countMax: Int

    init(countMax: Int) { self.countMax = countMax }

    /// Only what is late or wrong asks, and that is counted.
    func contains(_ stream: Int32) -> Bool { streams.contains(stream) }

    mutating func insert(_ stream: Int32) {
        guard streams.count == countMax else { return streams.append(stream) }
        streams[oldest] = stream
        oldest = (oldest + 1) % countMax
    }
}
