/// The first bytes of a line's field name, packed behind a leading 1, so that the few known names
/// are told apart by comparing integers.
struct FieldNameBytes: Equatable, Sendable {
    static let data = FieldNameBytes(packed: 0x01_64_61_74_61)
    static let event = FieldNameBytes(packed: 0x01_65_76_65_6E_74)
    static let id = FieldNameBytes(packed: 0x01_69_64)

    private var packed: UInt64

    init() { self.init(packed: 1) }

    private init(packed: UInt64) { self.packed = packed }

    /// Longer than every name the standard knows: no need to read on.
    var isTooLong: Bool { packed >= 1 << 48 }

    /// U+FEFF in UTF-8, which a client drops from the very start of a stream.
    var isByteOrderMark: Bool { packed == 0x01_EF_BB_BF }

    /// The caller stops once the name is too long.
    mutating func append(_ byte: UInt8) {
        packed = packed << 8 | UInt64(byte)
    }
}
