/// A running FNV-1a sum of 64 bits: tells whether bytes arrived as they were sent.
package struct Checksum: Equatable, Sendable {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325
    package private(set) var count = 0

    package init() {}

    package init(_ bytes: [UInt8]) {
        add(bytes.span)
    }

    package mutating func add(_ bytes: Span<UInt8>) {
        var sum = value
        for index in 0..<bytes.count { sum = (sum ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
        value = sum
        count += bytes.count
    }
}

/// The content of `GET /big`: the same bytes for everybody, without keeping them anywhere.
package enum DemoPattern {
    /// A prime, so that the repetition falls on no boundary that anybody cuts at.
    package static let period = 65_521

    /// One period of the content.
    package static let block: [UInt8] = (0..<period).map { index in
        UInt8(truncatingIfNeeded: (index &* 2_654_435_761) >> 11)
    }
}
