package import EventStream

/// The standard's algorithm, written down plainly on the whole input (WHATWG HTML, section 9.2.6).
package struct ReferenceParser {
    package private(set) var summary = Summary()
    /// The offsets behind each line end that leaves the stream at a boundary.
    package private(set) var boundaries: [Int] = []
    /// The name of the event that the last blank line dispatched, if it did.
    package private(set) var dispatchedName: String?

    private let heartbeats: [HeartbeatPattern]
    private var dataLines: [[UInt8]] = []
    private var eventType: [UInt8] = []
    private var idBuffer: [UInt8]?
    private var inEvent = false

    private struct Line {
        let content: [UInt8]
        let end: Int
        let isWhole: Bool
    }

    package init(_ bytes: [UInt8], heartbeats: [HeartbeatPattern] = []) {
        self.heartbeats = heartbeats
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while start < bytes.count {
            let line = Self.line(of: bytes, from: start)
            take(line, size: line.end - start)
            start = line.end
        }
    }

    private static func line(of bytes: [UInt8], from start: Int) -> Line {
        guard let end = bytes[start...].firstIndex(where: { $0 == 10 || $0 == 13 }) else {
            return Line(content: Array(bytes[start...]), end: bytes.count, isWhole: false)
        }
        let isPair = bytes[end] == 13 && end + 1 < bytes.count && bytes[end + 1] == 10
        return Line(
            content: Array(bytes[start..<end]), end: end + (isPair ? 2 : 1), isWhole: true)
    }

    private mutating func take(_ line: Line, size: Int) {
        let isComment = line.content.first == UInt8(ascii: ":")
        if inEvent || !(isComment || line.content.isEmpty) { summary.bytesInProgress += size }
        guard line.isWhole else {
            summary.position = .midLine
            return
        }
        if line.content.isEmpty {
            dispatch()
        } else if isComment {
            summary.comments += 1
        } else {
            inEvent = true
            takeField(line.content)
        }
        summary.position = inEvent ? .lineStart : .boundary
        if !inEvent { boundaries.append(line.end) }
    }

    private mutating func takeField(_ line: [UInt8]) {
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.count
        var value = line.dropFirst(colon + 1)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "data": dataLines.append(Array(value))
        case "event": eventType = Array(value)
        case "id" where !value.contains(0):
            idBuffer = Array(value)
            summary.hasIDs = true
        default: break
        }
    }

    private mutating func dispatch() {
        summary.lastEventID = idBuffer.flatMap {
            $0.count > 1024 ? nil : String(decoding: $0, as: UTF8.self)
        }
        dispatchedName = nil
        if !dataLines.isEmpty {
            let name = eventType.isEmpty ? "message" : String(decoding: eventType, as: UTF8.self)
            dispatchedName = name
            summary.events += 1
            if heartbeats.contains(where: { fits($0, name: name) }) { summary.heartbeats += 1 }
        }
        dataLines = []
        eventType = []
        inEvent = false
        summary.bytesInProgress = 0
    }

    private func fits(_ pattern: HeartbeatPattern, name: String) -> Bool {
        let needle = Array((pattern.dataContains ?? "").utf8)
        return (pattern.event.map { $0.utf8.elementsEqual(name.utf8) } ?? true)
            && dataLines.contains { line in
                needle.isEmpty
                    || line.indices.contains {
                        line[$0] == needle[0] && line[$0...].starts(with: needle)
                    }
            }
    }
}
