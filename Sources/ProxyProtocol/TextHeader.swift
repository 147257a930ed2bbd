/// Version 1: one line, such as `PROXY TCP4 192.0.2.7 198.51.100.1 50112 443`.
enum TextHeader {
    private static let start = Array("PROXY ".utf8)
    /// With its line end (section 2.1).
    private static let lineBytesMax = 107
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let lineFeed = UInt8(ascii: "\n")

    /// The header; `nil` when the line goes on.
    static func read(_ bytes: Span<UInt8>) throws(ProxyHeader.Fault) -> ProxyHeader? {
        guard bytes.agrees(with: start) else { throw .noHeader }
        guard let end = try lineEnd(bytes) else {
            if bytes.count >= lineBytesMax { throw .tooLong }
            return nil
        }
        guard end >= start.count else { throw .badLine }
        var words: [String] = [""]
        for index in start.count..<end {
            let byte = bytes[index]
            if byte == UInt8(ascii: " ") {
                words.append("")
            } else {
                words[words.count - 1].unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return ProxyHeader(source: try source(words), length: end + 2)
    }

    /// Where the line ends; `nil` when it goes on.
    private static func lineEnd(_ bytes: Span<UInt8>) throws(ProxyHeader.Fault) -> Int? {
        for index in 0..<min(bytes.count, lineBytesMax - 1) {
            guard bytes[index] != lineFeed else { throw .badLine }
            guard bytes[index] == carriageReturn else { continue }
            guard index + 1 < bytes.count else { return nil }
            guard bytes[index + 1] == lineFeed else { throw .badLine }
            return index
        }
        return nil
    }

    /// Both addresses are checked, though only one is used: a line with one bad word is no header.
    private static func source(
        _ words: [String]
    ) throws(ProxyHeader.Fault) -> ProxyHeader.Source? {
        if words[0] == "UNKNOWN" { return nil }  // Whatever follows means nothing.
        let family: AddressFamily
        switch words[0] {
        case "TCP4": family = .ipv4
        case "TCP6": family = .ipv6
        default: throw .badFamily
        }
        guard words.count == 5, family.holds(words[1]), family.holds(words[2]),
            let port = port(words[3]), self.port(words[4]) != nil
        else { throw .badLine }
        return ProxyHeader.Source(address: words[1], port: port)
    }

    /// Digits alone, without zeroes in front.
    private static func port(_ word: String) -> UInt16? {
        UInt16(word).flatMap { String($0) == word ? $0 : nil }
    }
}
