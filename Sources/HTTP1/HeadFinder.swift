import HTTPModel

/// Finds where a head ends, looking at each byte once however the bytes were cut.
///
/// It refuses at the first byte that no head may hold, so that nobody waits for the rest of a
/// message that is already lost. What the lines say is the parsers' business.
package struct HeadFinder: Sendable {
    private enum Place {
        /// Nothing has been seen. One empty line before a request is forgiven
        /// (RFC 9112, section 2.2); `ResponseParser` does not forgive it.
        case beforeHead, inEmptyLine, afterEmptyLine
        case inStartLine, inFieldLine
        /// A CR was seen and its LF must follow.
        case atLineEnd, atHeadEnd
        case atLineStart
    }

    private var place = Place.beforeHead
    private var headBytes = 0
    private var startLineBytes = 0
    private var startLineHasSpace = false

    package init() {}

    /// Whether a byte of a head has arrived; an empty line before it is none.
    package var hasBegun: Bool {
        switch place {
        case .beforeHead, .inEmptyLine, .afterEmptyLine: false
        case .inStartLine, .inFieldLine, .atLineEnd, .atHeadEnd, .atLineStart: true
        }
    }

    /// Takes the bytes that came since the last call. Returns how many of them belong to the head,
    /// its blank line included, or `nil` when the head goes on. A finder that has found one is
    /// ready for the next.
    ///
    /// - Throws: ``HTTP1Error`` for a forbidden byte and for a head or start line over its limit.
    package mutating func scan(
        _ bytes: Span<UInt8>, limits: HeadLimits
    ) throws(HTTP1Error) -> Int? {
        // Never past the limit, so that the answer is the same for every way of cutting.
        let end = min(bytes.count, max(0, limits.headBytesMax - headBytes))
        var index = 0
        while index < end {
            switch place {
            case .inStartLine:
                try skipStartLine(bytes, &index, end, limits)
            case .inFieldLine:
                while index < end, bytes[index].isFieldValue { index += 1 }
                if index < end { try endLine(at: bytes[index], &index) }
            case .atHeadEnd:
                guard bytes[index] == ASCII.lineFeed else { throw .forbiddenByte }
                self = HeadFinder()
                return index + 1
            case .beforeHead, .inEmptyLine, .afterEmptyLine, .atLineEnd, .atLineStart:
                try step(over: bytes[index], &index)
            }
        }
        headBytes += end
        if bytes.count > end { throw .headTooLong }
        return nil
    }

    /// Moves over one byte between lines, or into a line without taking the byte.
    private mutating func step(over byte: UInt8, _ index: inout Int) throws(HTTP1Error) {
        switch (place, byte) {
        case (.beforeHead, ASCII.carriageReturn): place = .inEmptyLine
        case (.inEmptyLine, ASCII.lineFeed): place = .afterEmptyLine
        case (.atLineEnd, ASCII.lineFeed): place = .atLineStart
        case (.atLineStart, ASCII.carriageReturn): place = .atHeadEnd
        case (.afterEmptyLine, ASCII.carriageReturn): throw .badStartLine
        case (.beforeHead, _), (.afterEmptyLine, _):
            place = .inStartLine
            return
        case (.atLineStart, _):
            place = .inFieldLine
            return
        case (.inEmptyLine, _), (.atLineEnd, _), (.inStartLine, _), (.inFieldLine, _),
            (.atHeadEnd, _):
            throw .forbiddenByte
        }
        index += 1
    }

    private mutating func skipStartLine(
        _ bytes: Span<UInt8>, _ index: inout Int, _ end: Int, _ limits: HeadLimits
    ) throws(HTTP1Error) {
        let longest = limits.startLineBytesMax
        while index < end, bytes[index].isFieldValue {
            guard startLineBytes < longest else {
                throw startLineHasSpace ? .targetTooLong : .badStartLine
            }
            if bytes[index] == ASCII.space { startLineHasSpace = true }
            startLineBytes += 1
            index += 1
        }
        if index < end { try endLine(at: bytes[index], &index) }
    }

    private mutating func endLine(at byte: UInt8, _ index: inout Int) throws(HTTP1Error) {
        guard byte == ASCII.carriageReturn else { throw .forbiddenByte }
        place = .atLineEnd
        index += 1
    }
}
