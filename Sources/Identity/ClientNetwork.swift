import HTTPModel

/// The part of an address that stands for one client: an IPv4 address whole, of an IPv6 address
/// the first 64 bits, since a client chooses the others as it likes (RFC 8981).
package enum ClientNetwork {
    /// An IPv4 address inside an IPv6 one is that IPv4 address. Text that is no IPv6 address, such
    /// as an IPv4 address, stays as it is.
    package static func text(of address: String) -> String {
        let withoutZone = address.prefix { $0 != "%" }
        guard withoutZone.contains(":"), let groups = groups(of: withoutZone) else {
            return address
        }
        if groups[0..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF {
            return [groups[6] >> 8, groups[6] & 0xFF, groups[7] >> 8, groups[7] & 0xFF]
                .map(String.init).joined(separator: ".")
        }
        let network = groups[0..<4].map { String($0, radix: 16) }.joined(separator: ":")
        return "\(network)::/64"
    }

    /// The eight groups of an IPv6 address (RFC 4291, section 2.2).
    private static func groups(of address: Substring) -> [UInt16]? {
        let halves = address.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2, let first = halves.first,
            let front = run(first, isLast: halves.count == 1)
        else { return nil }
        guard halves.count == 2 else { return front.count == 8 ? front : nil }
        guard let back = run(halves[1], isLast: true), front.count + back.count < 8 else {
            return nil
        }
        return front + Array(repeating: 0, count: 8 - front.count - back.count) + back
    }

    /// Groups between colons; the last of an address may be an IPv4 address and is then two.
    private static func run(_ text: Substring, isLast: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, part.contains(".") {
                let bytes = part.split(separator: ".", omittingEmptySubsequences: false)
                    .compactMap { UInt8($0) }
                guard bytes.count == 4 else { return nil }
                groups.append(UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
                groups.append(UInt16(bytes[2]) << 8 | UInt16(bytes[3]))
            } else {
                guard part.utf8.count <= 4, part.utf8.allSatisfy({ $0.hexValue != nil }),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}
