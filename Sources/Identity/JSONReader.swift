import HTTPModel
import Policy

/// Reads the payload of a token: a JSON object (RFC 8259) in which no two readers could see two
/// things. No member stands twice in one object, nothing follows, all of it is UTF-8.
///
/// It is asked before anybody has authenticated the token: its time grows with the length alone,
/// whatever the text looks like.
struct JSONReader {
    static let bytesMax = 16_384
    static let depthMax = 32
    /// The digits and the sign of an integer; a longer one is no claim.
    static let integerBytesMax = 20

    private let bytes: [UInt8]
    private var index = 0
    private var depth = 0
    private var names: MemberNames
    private var claims = Claims()

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        names = MemberNames(textBytes: bytes.count)
    }

    /// All claims outside of arrays.
    static func claims(of bytes: [UInt8]) throws(JSONError) -> Claims {
        guard bytes.count <= bytesMax else { throw .tooLong }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        var reader = JSONReader(bytes)
        reader.skipSpace()
        try reader.members(areKept: true)
        reader.skipSpace()
        guard reader.index == bytes.count else { throw .unexpected }
        return reader.claims
    }

    // MARK: - Values

    /// `name` is that of the member whose value it is; `nil` within an array, or where no path
    /// leads.
    private mutating func value(of name: ArraySlice<UInt8>?) throws(JSONError) {
        switch peek {
        case UInt8(ascii: "{"):
            let isKept = name.map { claims.enter($0) } ?? false
            try members(areKept: isKept)
            if isKept { claims.leave() }
        case UInt8(ascii: "["):
            try array()
            keep(.other, name)
        case UInt8(ascii: "\""): keep(.text, name, try string())
        case UInt8(ascii: "t"): keep(.word, name, try word("true"))
        case UInt8(ascii: "f"): keep(.word, name, try word("false"))
        case UInt8(ascii: "n"):
            _ = try word("null")
            keep(.nothing, name)
        default:
            let (kind, text) = try number()
            keep(kind, name, text)
        }
    }

    private mutating func keep(
        _ kind: Claims.Kind, _ name: ArraySlice<UInt8>?, _ value: ArraySlice<UInt8> = []
    ) {
        if let name { claims.append(kind, name: name, value: value) }
    }

    private mutating func members(areKept: Bool) throws(JSONError) {
        try descend()
        try expect(UInt8(ascii: "{"))
        let object = names.beginObject()
        var isFirst = true
        skipSpace()
        while peek != UInt8(ascii: "}") {
            if !isFirst {
                try expect(UInt8(ascii: ","))
                skipSpace()
            }
            isFirst = false
            let name = try string()
            guard names.insert(name, of: object) else { throw .duplicateMember }
            skipSpace()
            try expect(UInt8(ascii: ":"))
            skipSpace()
            try value(of: areKept ? name : nil)
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
            try value(of: nil)
            skipSpace()
        }
        index += 1
        depth -= 1
    }

    private mutating func word(_ word: StaticString) throws(JSONError) -> ArraySlice<UInt8> {
        let start = index
        for byte in word.description.utf8 { try expect(byte) }
        return bytes[start..<index]
    }

    /// RFC 8259, section 6.
    private mutating func number() throws(JSONError) -> (Claims.Kind, ArraySlice<UInt8>) {
        let start = index
        skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        var isInteger = true
        if skip(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isInteger = false
            if !skip(UInt8(ascii: "+")) { skip(UInt8(ascii: "-")) }
            try digits()
        }
        let text = bytes[start..<index]
        guard isInteger else { return (.number, text) }
        return text.count <= Self.integerBytesMax ? (.integer, text) : (.other, [])
    }

    private mutating func digits() throws(JSONError) {
        let start = index
        while let byte = peek, byte.isDigit { index += 1 }
        guard index > start else { throw .unexpected }
    }

    // MARK: - Strings

    /// The decoded bytes of a string (RFC 8259, section 7).
    private mutating func string() throws(JSONError) -> ArraySlice<UInt8> {
        try expect(UInt8(ascii: "\""))
        let start = index
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return bytes[start..<(index - 1)]
            case UInt8(ascii: "\\"): return try escapedString(behind: bytes[start..<index])
            case 0..<0x20: throw .unexpected
            default: index += 1
            }
        }
        throw .unexpected
    }

    private mutating func escapedString(
        behind plain: ArraySlice<UInt8>
    ) throws(JSONError) -> ArraySlice<UInt8> {
        var decoded = Array(plain)
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return decoded[...]
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
        case UInt8(ascii: "u"): decoded.append(contentsOf: UTF8.bytes(of: try escapedScalar()))
        default: throw .unexpected
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair.
    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        try expect(UInt8(ascii: "\\"))
        try expect(UInt8(ascii: "u"))
        let second = try codeUnit()
        guard UTF16.isLeadSurrogate(unit), UTF16.isTrailSurrogate(second),
            let scalar = Unicode.Scalar(
                0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(second & 0x3FF)))
        else { throw .notUTF8 }
        return scalar
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
}

/// Why a text is no JSON that everybody reads alike.
enum JSONError: Error, Equatable {
    case tooLong, tooDeep, notUTF8, duplicateMember, unexpected
}

extension UTF8 {
    fileprivate static func bytes(of scalar: Unicode.Scalar) -> [UInt8] {
        Array(String(Character(scalar)).utf8)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isJSONSpace: Bool {
        self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D
    }
}
