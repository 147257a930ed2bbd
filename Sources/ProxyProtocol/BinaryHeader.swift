/// Version 2: a signature, what it is about, a length, addresses, and extensions (TLVs), which are
/// checked for their lengths and skipped.
enum BinaryHeader {
    static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    /// The signature, the command, the family, and two bytes of length.
    private static let fixedBytes = 16

    /// The header; `nil` when it goes on.
    static func read(_ bytes: Span<UInt8>) throws(ProxyHeader.Fault) -> ProxyHeader? {
        guard bytes.agrees(with: signature) else { throw .noHeader }
        // What is wrong is told as soon as it is there: nobody waits for what will not be used.
        let isProxied = bytes.count > 12 ? try command(bytes[12]) : true
        if bytes.count > 13, isProxied { _ = try Family(bytes[13]) }
        guard bytes.count >= fixedBytes else { return nil }
        let end = fixedBytes + number(bytes, at: 14)
        guard end <= ProxyHeader.bytesMax else { throw .tooLong }
        guard bytes.count >= end else { return nil }
        // The balancer's own connection: whatever else it says means nothing.
        guard isProxied else { return ProxyHeader(source: nil, length: end) }
        let family = try Family(bytes[13])
        if family == .unspecified { return ProxyHeader(source: nil, length: end) }
        let extensions = fixedBytes + family.addressBytes
        guard extensions <= end else { throw .badLength }
        try checkExtensions(bytes, extensions..<end)
        return ProxyHeader(source: source(bytes, family), length: end)
    }

    /// Whether the connection is a client's, and not the balancer's own.
    private static func command(_ byte: UInt8) throws(ProxyHeader.Fault) -> Bool {
        switch byte {
        case 0x20: return false
        case 0x21: return true
        default: throw .badCommand
        }
    }

    /// What kind of addresses follow. Datagrams do not come over a connection.
    private enum Family: UInt8 {
        case unspecified = 0x00
        case ipv4 = 0x11
        case ipv6 = 0x21
        case unix = 0x31

        init(_ byte: UInt8) throws(ProxyHeader.Fault) {
            guard let known = Self(rawValue: byte) else { throw .badFamily }
            self = known
        }

        /// Two addresses and, mostly, two ports.
        var addressBytes: Int {
            switch self {
            case .unspecified: 0
            case .ipv4: 12
            case .ipv6: 36
            case .unix: 216
            }
        }
    }

    private static func source(_ bytes: Span<UInt8>, _ family: Family) -> ProxyHeader.Source? {
        switch family {
        case .unspecified, .unix: return nil
        case .ipv4:
            let address = (0..<4).map { String(bytes[fixedBytes + $0]) }
            return ProxyHeader.Source(
                address: address.joined(separator: "."),
                port: UInt16(number(bytes, at: fixedBytes + 8)))
        case .ipv6:
            let groups = (0..<8).map { String(number(bytes, at: fixedBytes + 2 * $0), radix: 16) }
            return ProxyHeader.Source(
                address: groups.joined(separator: ":"),
                port: UInt16(number(bytes, at: fixedBytes + 32)))
        }
    }

    /// Each extension is a kind, two bytes of length, and so many bytes; together they end where the
    /// header does.
    private static func checkExtensions(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(ProxyHeader.Fault) {
        var position = range.lowerBound
        while position < range.upperBound {
            guard range.upperBound - position >= 3 else { throw .badExtension }
            position += 3 + number(bytes, at: position + 1)
            guard position <= range.upperBound else { throw .badExtension }
        }
    }

    /// Two bytes, the larger first.
    private static func number(_ bytes: Span<UInt8>, at index: Int) -> Int {
        Int(bytes[index]) << 8 | Int(bytes[index + 1])
    }
}
