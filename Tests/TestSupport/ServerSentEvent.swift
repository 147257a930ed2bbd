/// One event, as a browser would dispatch it.
package struct ServerSentEvent: Equatable, Sendable {
    package var name = "message"
    package var data = ""
    package var id: String?
}

/// Reads an event stream as the standard says (WHATWG HTML, section 9.2.6), simply: it waits for
/// whole lines. What counts in tests is what a browser would make of the bytes.
struct EventReader: Sendable {
    private(set) var events: [ServerSentEvent] = []
    private(set) var eventCount = 0
    private(set) var comments = 0
    private(set) var retry: Int?
    /// The id after the last blank line, whether or not there was an event to dispatch.
    private(set) var lastID: String?
    private var line: [UInt8] = []
    private var isFirstLine = true
    private var sawCarriageReturn = false
    private var name = ""
    private var data: [String] = []
    private var id: String?
    private static let keptMax = 20_000

    mutating func read(_ bytes: Span<UInt8>) {
        for index in 0..<bytes.count {
            let byte = bytes[index]
            let followsReturn = sawCarriageReturn
            sawCarriageReturn = byte == UInt8(ascii: "\r")
            switch byte {
            case UInt8(ascii: "\n") where followsReturn: continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                endLine()
            case _: line.append(byte)
            }
        }
    }

    /// Whether all of what came belongs to finished events.
    var isAtBoundary: Bool { line.isEmpty && data.isEmpty && name.isEmpty }

    private mutating func endLine() {
        var text = String(decoding: line, as: UTF8.self)
        line = []
        if isFirstLine, text.unicodeScalars.first == "\u{FEFF}" {
            text.unicodeScalars.removeFirst()
        }
        isFirstLine = false
        guard !text.isEmpty else { return dispatch() }
        guard text.utf8.first != UInt8(ascii: ":") else {
            comments += 1
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? String(parts[1]) : ""
        if value.hasPrefix(" ") { value.removeFirst() }
        switch parts[0] {
        case "event": name = value
        case "data": data.append(value)
        case "id": id = value
        case "retry": retry = Int(value) ?? retry
        case _: return
        }
    }

    private mutating func dispatch() {
        defer { (name, data) = ("", []) }
        lastID = id
        guard !data.isEmpty else { return }
        eventCount += 1
        guard events.count < Self.keptMax else { return }
        events.append(
            ServerSentEvent(
                name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"), id: id))
    }
}
