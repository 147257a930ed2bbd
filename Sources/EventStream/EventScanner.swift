/// Looks at the bytes of an event stream as they pass (WHATWG HTML, section 9.2.6). It never
/// changes, delays or keeps them, and sees the same however they are cut.
///
/// One stays with every idle stream, so it is small, and it allocates nothing per event: only a
/// stream with ids makes it keep storage, two or three times the longest id.
///
///     lineStart -> fieldName -> afterColon -> value -> lineStart
///         |            '--------------------------------^   a line without a colon
///         '--> value, of a comment
package struct EventScanner: Sendable {
    /// Dispatched events, heartbeats included: blank lines after at least one data line.
    package private(set) var events = 0
    package private(set) var comments = 0
    package private(set) var heartbeats = 0
    /// The size of the event in progress: its lines so far, with the comments among them.
    package private(set) var bytesInProgress = 0

    private var match: HeartbeatMatch
    private var ids: EventIDs
    private var name = EventName()
    private var fieldName = FieldNameBytes()
    private var place = Place.lineStart
    /// What the line in progress is, as soon as that is known.
    private var field = Field.other
    /// Whether the event in progress has at least one whole line.
    private var hasLines = false
    private var hasData = false
    private var hasName = false
    /// A byte order mark may still come.
    private var isFirstLine = true
    /// The last read ended with a CR: an LF that comes first belongs to it.
    private var isAfterCR = false

    private enum Place { case lineStart, fieldName, afterColon, value }
    private enum Field { case comment, data, event, id, other }

    /// What one call saw: which clocks have reason to be reset.
    package struct Seen: Equatable, Sendable {
        package fileprivate(set) var anyByte = false
        /// Part of a field line, or the end of an event. Comments are no frames.
        package fileprivate(set) var anyFrame = false
        /// The end of an event that is no heartbeat.
        package fileprivate(set) var anyEvent = false
    }

    /// Where a stream stands between two bytes.
    package enum Position: Equatable, Sendable {
        /// Nothing of an event is in progress: at the very start, after a blank line, and after a
        /// comment that stands outside of an event.
        case boundary
        /// Between two lines of an event.
        case lineStart
        case midLine
    }

    /// `lastEventID` is what the client came with; empty for none.
    package init(heartbeats: Heartbeats, lastEventID: String = "") {
        match = HeartbeatMatch(heartbeats)
        ids = EventIDs(initial: lastEventID)
    }

    /// Compiles the patterns for this stream alone; streams of one policy share `Heartbeats`.
    package init(heartbeats: [HeartbeatPattern]) {
        self.init(heartbeats: Heartbeats(heartbeats))
    }

    /// Another policy governs the stream from now on. Of the event in progress, only the data that
    /// is still to come is looked at.
    package mutating func watch(for heartbeats: Heartbeats) {
        match = HeartbeatMatch(heartbeats)
    }

    package var position: Position {
        guard place == .lineStart else { return .midLine }
        return hasLines ? .lineStart : .boundary
    }

    /// The id that a client has after the last blank line; `nil` when the stream gave none, or one
    /// too long to be kept.
    package var lastEventID: String? { ids.lastText }

    /// Where the client would go on: its last event id, from this stream or from before it; empty
    /// when it has none, `nil` when that is too long to be known.
    package var resumeID: String? { ids.resumeText }

    /// Whether the stream ever gave an id.
    package var hasIDs: Bool { ids.areUsed }

    /// The name of the newest event, finished or in progress, cut at 64 bytes.
    package var lastEventName: String { name.text }
}

// MARK: - Scanning

extension EventScanner {
    /// Scans all of `bytes`.
    package mutating func scan(_ bytes: Span<UInt8>) -> Seen {
        var seen = Seen()
        var index = scanLateLF(bytes, &seen)
        while index < bytes.count { index = scanLine(bytes, from: index, &seen) }
        return seen
    }

    /// Scans up to and including the first line end that leaves the stream at a boundary, and
    /// returns how many bytes that is; `nil` when there is none, and then all were scanned.
    package mutating func scanToBoundary(_ bytes: Span<UInt8>) -> Int? {
        var seen = Seen()
        var index = scanLateLF(bytes, &seen)
        while index < bytes.count {
            index = scanLine(bytes, from: index, &seen)
            // A byte order mark also leaves the stream at a boundary, but ends no line.
            if position == .boundary, bytes[index - 1].endsLine { return index }
        }
        return nil
    }

    /// Takes the LF whose CR ended the last read; returns where to go on.
    private mutating func scanLateLF(_ bytes: Span<UInt8>, _ seen: inout Seen) -> Int {
        guard !bytes.isEmpty else { return 0 }
        seen.anyByte = true
        guard isAfterCR else { return 0 }
        isAfterCR = false
        guard bytes[0] == lineFeed else { return 0 }
        if hasLines { bytesInProgress += 1 }
        return 1
    }

    /// Scans to the end of the line, or as far as the bytes go; returns where to go on.
    private mutating func scanLine(
        _ bytes: Span<UInt8>, from start: Int, _ seen: inout Seen
    ) -> Int {
        var index = start
        if place == .lineStart, !bytes[index].endsLine { beginLine(with: bytes[index]) }
        if place != .lineStart, field != .comment { seen.anyFrame = true }
        if place == .fieldName { index = scanFieldName(bytes, from: index) }
        if place == .afterColon, index < bytes.count { index = scanSpace(bytes, at: index) }
        if place == .value { index = scanValue(bytes, from: index) }
        if index < bytes.count, bytes[index].endsLine {
            if place == .lineStart { endEvent(&seen) } else { endLine() }
            index = endOfLineEnd(bytes, at: index)
        }
        let isInEvent = hasLines || (place != .lineStart && field != .comment)
        bytesInProgress = isInEvent ? bytesInProgress + (index - start) : 0
        return index
    }

    private mutating func beginLine(with first: UInt8) {
        let isComment = first == UInt8(ascii: ":")
        place = isComment ? .value : .fieldName
        field = isComment ? .comment : .other
        fieldName = FieldNameBytes()
    }

    /// Reads a field name; stops at the line end, behind the colon, behind a byte order mark, or
    /// where the name can be none that is known.
    private mutating func scanFieldName(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte.endsLine {
                beginValue()
                place = .value
                return index
            }
            index += 1
            if byte == UInt8(ascii: ":") {
                beginValue()
                place = .afterColon
                return index
            }
            fieldName.append(byte)
            if fieldName.isByteOrderMark, isFirstLine {
                isFirstLine = false
                place = .lineStart
                return index
            }
            if fieldName.isTooLong {
                place = .value
                return index
            }
        }
        return index
    }

    private mutating func beginValue() {
        switch fieldName {
        case .data:
            field = .data
            match.beginDataLine()
        case .event:
            field = .event
            name.clear()
        case .id:
            field = .id
            ids.beginLine()
        default:  // `retry`, and what the standard has us ignore.
            field = .other
        }
    }

    /// One space behind the colon is no part of the value.
    private mutating func scanSpace(_ bytes: Span<UInt8>, at index: Int) -> Int {
        place = .value
        return bytes[index] == UInt8(ascii: " ") ? index + 1 : index
    }

    private mutating func scanValue(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let end = bytes.lineEnd(from: start)
        switch field {
        case .data: match.scanData(bytes.extracting(start..<end))
        case .event: name.append(bytes.extracting(start..<end))
        case .id: ids.append(bytes.extracting(start..<end))
        case .comment, .other: break
        }
        return end
    }

    private mutating func endLine() {
        place = .lineStart
        switch field {
        case .comment:
            comments += 1
            return
        case .data: hasData = true
        case .event: hasName = true
        case .id: ids.endLine()
        case .other: break
        }
        hasLines = true
    }

    /// A blank line: what was collected is an event if it has data.
    private mutating func endEvent(_ seen: inout Seen) {
        ids.endEvent()
        if hasData {
            if !hasName { name.clear() }
            events += 1
            seen.anyFrame = true
            if match.fits(name) { heartbeats += 1 } else { seen.anyEvent = true }
        }
        match.beginEvent()
        hasLines = false
        hasData = false
        hasName = false
    }

    /// The end of the CR, LF or CRLF that begins at `index`, as far as it is there.
    private mutating func endOfLineEnd(_ bytes: Span<UInt8>, at index: Int) -> Int {
        isFirstLine = false
        let next = index + 1
        guard bytes[index] == carriageReturn else { return next }
        guard next < bytes.count else {
            isAfterCR = true
            return next
        }
        return bytes[next] == lineFeed ? next + 1 : next
    }
}
