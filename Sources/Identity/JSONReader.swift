import HTTPModel

/// Reads the scalars of a JSON object, strictly (RFC 8259): one object and nothing behind it, no
/// member twice in one object, no byte order mark, no text that is not UTF-8.
///
/// Numbers are never converted: an integer is its digits, and the others no claim could use.
/// Elements of arrays are checked, but have no path and are not returned.
struct JSONReader {
    static let bytesMax = 16_384
    static let depthMax = 32
    /// Scalars at longer paths are left out, so that nesting cannot multiply the input.
    static let pathBytesMax = 256
    /// The digits and the sign of an integer; a longer one is no claim.
    static let integerBytesMax = 20

    private let bytes: [UInt8]
    private var index = 0
    private var depth = 0
    private var scalars: [JSONScalar] = []

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// All scalars outside of arrays, in order, each with its dotted path.
    static func scalars(of bytes: [UInt8]) throws(JSONError) -> [JSONScalar] {
        guard bytes.count <= bytesMax else { throw .tooLong }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        var reader = JSONReader(bytes)
        reader.skipSpace()
        try reader.object(named: [])
        reader.skipSpace()
        guard reader.index == bytes.count else { throw .unexpected }
        return reader.scalars
    }

    // MARK: - Values

    /// `path` is where the value stands; `nil` inside an array or too deep to be named.
    private mutating func value(at path: [UInt8]?) throws(JSONError) {
        switch peek {
        case UInt8(ascii: "{"): try object(named: path.map { $0 + [UInt8(ascii: ".")] })
        case UInt8(ascii: "["): try array()
        case UInt8(ascii: "\""): keep(.string(try string()), at: path)
        case UInt8(ascii: "t"): keep(try word("true", .bool(true)), at: path)
        case UInt8(ascii: "f"): keep(try word("false", .bool(false)), at: path)
        case UInt8(ascii: "n"): keep(try word("null", .unusable), at: path)
        default: keep(try number(), at: path)
        }
    }

    /// `prefix` is what the paths of its members begin with; `nil` as above.
    private mutating func object(named prefix: [UInt8]?) throws(JSONError) {
        try descend()
        try expect(UInt8(ascii: "{"))
        var names: Set<[UInt8]> = []
        skipSpace()
        while peek != UInt8(ascii: "}") {
            if !names.isEmpty {
                try expect(UInt8(ascii: ","))
                skipSpace()
            }
            let name = try string()
            guard names.insert(name).inserted else { throw .duplicateMember }
            skipSpace()
            try expect(UInt8(ascii: ":"))
            skipSpace()
            let path = prefix.map { $0 + name }
            try value(at: path.flatMap { $0.count <= Self.pathBytesMax ? $0 : nil })
            skipSpace()
        }
        index += 1
        depth -= 1
    }

    private mutating func array() throws(JSONError) {
        try descend()
        try expect(UInt8(ascii: "["))
        var isFirst = true
        skipSpace()
        while peek != UInt8(ascii: "]") {
            if !isFirst {
                try expect(UInt8(ascii: ","))
                skipSpace()
            }
            isFirst = false
            try value(at: nil)
            skipSpace()
        }
        index += 1
        depth -= 1
    }

    private mutating func word(
        _ word: String, _ value: JSONScalar.Value
    ) throws(JSONError) -> JSONScalar.Value {
        for byte in word.utf8 { try expect(byte) }
        return value
    }

    /// RFC 8259, section 6.
    private mutating func number() throws(JSONError) -> JSONScalar.Value {
        let start = index
        skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        let integer = bytes[start..<index]
        var isInteger = integer.count <= Self.integerBytesMax
        if skip(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isInteger = false
            if !skip(UInt8(ascii: "+")) { skip(UInt8(ascii: "-")) }
            try digits()
        }
        return isInteger ? .integer(Array(integer)) : .unusable
    }

    private mutating func digits() throws(JSONError) {
        let start = index
        while let byte = peek, byte.isDigit { index += 1 }
        guard index > start else { throw .unexpected }
    }

    // MARK: - Strings

    /// The decoded bytes of a string (RFC 8259, section 7).
    private mutating func string() throws(JSONError) -> [UInt8] {
        try expect(UInt8(ascii: "\""))
        var decoded: [UInt8] = []
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return decoded
            case UInt8(ascii: "\\"): try escape(into: &decoded)
            case 0..<0x20: throw .unexpected
            default: decoded.append(byte)
            }
        }
        throw .unexpected
    }

    private mutating func escape(into decoded: inout [UInt8]) throws(JSONError) {
        guard let byte = peek else { throw .unexpected }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(byte)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"): decoded.append(contentsOf: try escapedScalar())
        default: throw .unexpected
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair, in UTF-8.
    private mutating func escapedScalar() throws(JSONError) -> [UInt8] {
        var units = [try codeUnit()]
        if UTF16.isLeadSurrogate(units[0]) {
            try expect(UInt8(ascii: "\\"))
            try expect(UInt8(ascii: "u"))
            units.append(try codeUnit())
        }
        guard let text = String(validating: units, as: UTF16.self) else { throw .notUTF8 }
        return Array(text.utf8)
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = peek?.hexValue else { throw .unexpected }
            unit = unit << 4 | UInt16(digit)
            index += 1
        }
        return unit
    }

    // MARK: - Bytes

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard skip(byte) else { throw .unexpected }
    }

    @discardableResult
    private mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte.isJSONSpace { index += 1 }
    }

    private mutating func descend() throws(JSONError) {
        guard depth < Self.depthMax else { throw .tooDeep }
        depth += 1
    }

    private mutating func keep(_ value: JSONScalar.Value, at path: [UInt8]?) {
        guard let path else { return }
        scalars.append(JSONScalar(path: path, value: value))
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isJSONSpace: Bool {
        self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D
    }
}
