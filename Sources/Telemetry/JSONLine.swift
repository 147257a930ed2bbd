/// One log line in the making: a JSON object whose members stand in the order they were added.
///
/// It is written straight to the end of a buffer that already holds other lines. A member without
/// a value is left out; names are our own and need no escaping.
///
/// Invariant: the line, its newline included, never exceeds `lineBytesMax`. Texts and lists give
/// way to keep it: they leave `reservedBytes` free, which is more than all names, numbers and
/// words of our own take in any record.
package struct JSONLine: ~Copyable {
    /// Collectors split or drop longer lines.
    package static let lineBytesMax = 8192
    /// One text, escaped, without its quotes.
    package static let stringBytesMax = 1024
    private static let reservedBytes = 1024

    private var bytes: [UInt8]
    private let start: Int

    /// Begins a line at the end of `bytes`; `finish` hands them back.
    init(appendingTo bytes: consuming [UInt8]) {
        start = bytes.count
        bytes.append(UInt8(ascii: "{"))  // Before it moves: afterwards it would be copied.
        self.bytes = bytes
    }

    mutating func add(_ name: String, _ text: String?) {
        guard let text else { return }
        begin(name)
        append(text)
    }

    mutating func add(_ name: String, _ number: (some BinaryInteger)?) {
        guard let number else { return }
        begin(name)
        bytes.append(contentsOf: String(number).utf8)
    }

    mutating func add(_ name: String, _ claim: Bool) {
        begin(name)
        bytes.append(contentsOf: (claim ? "true" : "false").utf8)
    }

    /// Adds as many of `texts` as the line has room for. A record whose list may be long also
    /// carries its count, so a reader sees when some are missing.
    mutating func add(_ name: String, list texts: [String]) {
        begin(name)
        bytes.append(UInt8(ascii: "["))
        for (index, text) in texts.enumerated() {
            guard room >= Self.stringBytesMax else { break }
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(text)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Adds a length of time in whole milliseconds, under a name that ends in `_ms`.
    mutating func add(_ name: String, milliseconds duration: Duration) {
        add(name, duration.wholeMilliseconds)
    }

    mutating func add(_ name: String, date time: Timestamp) {
        begin(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(dateOf: time)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Ends the line and hands the buffer back.
    consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private mutating func begin(_ name: String) {
        if bytes.count > start + 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: "\":".utf8)
    }

    private mutating func append(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(escaping: text, for: .json, bytesMax: min(Self.stringBytesMax, room))
        bytes.append(UInt8(ascii: "\""))
    }

    /// What texts may still take.
    private var room: Int {
        max(0, Self.lineBytesMax - Self.reservedBytes - (bytes.count - start))
    }
}

extension Duration {
    /// Rounded towards zero; the longest durations do not fit and count as the most that does.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let most = Int64.max / 1000 - 1
        return min(max(seconds, -most), most) * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
