/// The name of an event, as far as it fits.
struct EventName: Sendable {
    /// A longer name is cut for display, and is no heartbeat's name.
    static let bytesMax = 64

    private var bytes = InlineArray<64, UInt8>(repeating: 0)
    /// One more than `bytesMax` once the name is longer than that.
    private var count: UInt8 = 0

    init() {}

    mutating func clear() {
        count = 0
    }

    mutating func append(_ piece: Span<UInt8>) {
        for index in piece.indices {
            guard count < Self.bytesMax else {
                count = UInt8(Self.bytesMax + 1)
                return
            }
            bytes[Int(count)] = piece[index]
            count += 1
        }
    }

    /// Whether the name is exactly `other`, empty for an event without a name. `event: message`
    /// names what an event without a name is called anyway (WHATWG HTML, section 9.2.6).
    func spells(_ other: [UInt8]) -> Bool {
        isDefault ? other.isEmpty : isExactly(other.span)
    }

    /// The name as text, cut at `bytesMax` bytes.
    var text: String {
        guard count > 0 else { return "message" }
        var text: [UInt8] = []
        for index in 0..<min(Int(count), Self.bytesMax) { text.append(bytes[index]) }
        return String(decoding: text, as: UTF8.self)
    }

    private var isDefault: Bool {
        count == 0 || isExactly(Self.message.span)
    }

    private static let message = Array("message".utf8)

    private func isExactly(_ other: Span<UInt8>) -> Bool {
        guard other.count == Int(count) else { return false }
        for index in other.indices where other[index] != bytes[index] { return false }
        return true
    }
}
