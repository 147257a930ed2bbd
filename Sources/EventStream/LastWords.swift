/// The final frame that an evicted client is sent: how long to wait, why, and by whose rule.
package struct LastWords: Sendable {
    private let retryMilliseconds: Int
    private let reason: String
    private let policy: String
    private let stream: String
    private let id: String?

    /// `id` becomes the client's last event id; `nil` leaves that as it is.
    package init(
        retryMilliseconds: Int, reason: String, policy: String, stream: String, id: String?
    ) {
        self.retryMilliseconds = retryMilliseconds
        self.reason = reason
        self.policy = policy
        self.stream = stream
        self.id = id
    }

    /// What may be said at `position` without being taken for part of the gateway's event.
    ///
    /// Inside an event that is the `retry` line alone: it takes effect at once, and without a blank
    /// line the client drops the half event. In the middle of a line it is nothing.
    package func bytes(at position: EventScanner.Position) -> [UInt8] {
        switch position {
        case .boundary: frame
        case .lineStart: Self.retryLine(retryMilliseconds)
        case .midLine: []
        }
    }

    /// The farewell of a drain, a reload or the end of a stream's age: when to come back, no event.
    package static func retryOnly(milliseconds: Int, at position: EventScanner.Position) -> [UInt8]
    {
        switch position {
        case .boundary: retryLine(milliseconds) + [lineFeed]
        case .lineStart: retryLine(milliseconds)
        case .midLine: []
        }
    }

    /// The name is private, so that no `onmessage` sees the frame; the data is not empty, since
    /// Firefox and WebKit drop the id of an event without data.
    private var frame: [UInt8] {
        var frame = Self.retryLine(retryMilliseconds)
        frame.append(contentsOf: "event: sluice-evicted\n".utf8)
        if let id, !id.utf8.contains(where: { $0 == 0 || $0.endsLine }) {
            frame.append(contentsOf: "id: \(id)\n".utf8)
        }
        frame.append(contentsOf: #"data: {"reason":"#.utf8)
        frame.appendJSON(reason)
        frame.append(contentsOf: #","policy":"#.utf8)
        frame.appendJSON(policy)
        frame.append(contentsOf: #","stream":"#.utf8)
        frame.appendJSON(stream)
        frame.append(contentsOf: "}\n\n".utf8)
        return frame
    }

    /// Below 2^31 - 1: some clients fire at once when the delay overflows their timer.
    static func retryLine(_ milliseconds: Int) -> [UInt8] {
        Array("retry: \(min(max(milliseconds, 0), 2_147_483_646))\n".utf8)
    }
}

extension [UInt8] {
    /// Appends `text` as a JSON string without control bytes, so that it stays on its line.
    mutating func appendJSON(_ text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0x00..<0x20, 0x7F:
                append(contentsOf: #"\u00"#.utf8)
                append(contentsOf: [byte >> 4, byte & 0xF].map(\.hexDigit))
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}

extension UInt8 {
    /// The lower-case digit for a value below 16.
    fileprivate var hexDigit: UInt8 {
        self < 10 ? UInt8(ascii: "0") + self : UInt8(ascii: "a") + (self - 10)
    }
}
