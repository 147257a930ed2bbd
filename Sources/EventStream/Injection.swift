/// What Sluice itself says on a stream beside the last words. Each stands at an event boundary and
/// leaves the stream at one.
package enum Injection {
    /// A comment, for whoever would take silence for the end.
    package static let keepAlive = Array(":\n\n".utf8)

    /// `count` bytes of comment, and a little more: some middleboxes hold back the first few
    /// kilobytes of a response.
    package static func padding(_ count: Int) -> [UInt8] {
        [UInt8(ascii: ":")] + [UInt8](repeating: UInt8(ascii: " "), count: max(count, 0))
            + [lineFeed, lineFeed]
    }

    /// Gives a client that came back with a tombstone its real last event id, empty for none: what
    /// it holds was ours. The name is private, and the data not empty, as in the last words.
    package static func resumed(stream: String, lastEventID: String) -> [UInt8] {
        var frame = Array("event: sluice-resumed\nid: ".utf8)
        frame += lastEventID.utf8.lazy.filter { $0 != 0 && !$0.endsLine }
        frame += Array("\ndata: {\"stream\":".utf8)
        frame.appendJSON(stream)
        frame += Array("}\n\n".utf8)
        return frame
    }
}
