import ProxyProtocol
import TestRandom

/// What stands before the first byte of a connection, where a balancer names its client.
enum ProxyHeaders {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let whole = ProxyHeader.read(bytes.span)
        for count in prefixes(of: bytes) {
            let progress = ProxyHeader.read(bytes.span.extracting(0..<count))
            try require(
                progress == .needsMore || progress == whole, "an answer stays",
                "\(progress) after \(count) bytes, \(whole) after all")
        }
        switch whole {
        case .needsMore:
            try require(bytes.count < ProxyHeader.bytesMax, "a header has an end")
        case .malformed: return
        case .whole(let header):
            try require(header.length <= bytes.count, "a header is as long as its bytes")
            if header.length > 0 {
                let before = ProxyHeader.read(bytes.span.extracting(0..<header.length - 1))
                try require(before == .needsMore, "a header is whole at its last byte")
            }
            if let source = header.source { try checkLine(of: source) }
        }
    }

    /// An address that was read can be written as a line of version 1, and is then read again.
    private static func checkLine(of source: ProxyHeader.Source) throws(BrokenProperty) {
        let isIPv6 = source.address.contains(":")
        let line =
            "PROXY \(isIPv6 ? "TCP6" : "TCP4") \(source.address) "
            + "\(isIPv6 ? "::1" : "192.0.2.1") \(source.port) 443\r\n"
        let again = ProxyHeader.read(Array(line.utf8).span)
        let wanted = ProxyHeader(source: source, length: line.utf8.count)
        try require(again == .whole(wanted), "an address is read as it is written", line)
    }

    /// All counts up to a few hundred, and some beyond.
    private static func prefixes(of bytes: [UInt8]) -> [Int] {
        var random = SeededRandom(inputs: bytes)
        let short = Array(0...min(bytes.count, 300))
        return short + (0..<20).map { _ in Int.random(in: 0...bytes.count, using: &random) }
    }
}
