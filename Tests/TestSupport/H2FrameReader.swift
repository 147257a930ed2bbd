/// Cuts what comes into frames.
struct H2FrameReader: Sendable {
    private var waiting: [UInt8] = []

    mutating func read(_ bytes: Span<UInt8>) -> [H2Frame] {
        waiting.reserveCapacity(waiting.count + bytes.count)
        for index in 0..<bytes.count { waiting.append(bytes[index]) }
        var frames: [H2Frame] = []
        var start = 0
        while let frame = frame(at: start) {
            frames.append(frame)
            start += 9 + frame.payload.count
        }
        waiting.removeFirst(start)
        return frames
    }

    private func frame(at start: Int) -> H2Frame? {
        guard waiting.count >= start + 9 else { return nil }
        let head = waiting[start..<start + 9].map(Int.init)
        let length = head[0] << 16 | head[1] << 8 | head[2]
        guard waiting.count >= start + 9 + length else { return nil }
        let stream = (head[5] & 127) << 24 | head[6] << 16 | head[7] << 8 | head[8]
        return H2Frame(
            .init(rawValue: UInt8(head[3])), .init(rawValue: UInt8(head[4])), on: stream,
            Array(waiting[start + 9..<start + 9 + length]))
    }
}

extension H2Frame {
    /// A number of four bytes in the payload.
    func number(at place: Int) -> Int? {
        guard payload.count >= place + 4 else { return nil }
        return payload[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    /// The payload without its padding, and without the priority that HEADERS may have.
    var content: ArraySlice<UInt8> {
        var content = payload[...]
        if flags.contains(.padded), kind == .data || kind == .headers, let padding = content.first {
            content = content.dropFirst().dropLast(Int(padding))
        }
        if flags.contains(.priority), kind == .headers { content = content.dropFirst(5) }
        return content
    }

    /// What SETTINGS say.
    var settings: [(H2Setting, Int)] {
        stride(from: 0, to: payload.count - 5, by: 6).map { place in
            let name = UInt16(payload[place]) << 8 | UInt16(payload[place + 1])
            return (H2Setting(rawValue: name), number(at: place + 2) ?? 0)
        }
    }
}
