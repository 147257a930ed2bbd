/// A value of a JSON object that has no members of its own, and the dotted path to it.
struct JSONScalar: Equatable {
    let path: [UInt8]
    let value: Value

    enum Value: Equatable {
        /// The decoded UTF-8.
        case string([UInt8])
        /// As written: a `-` or none, and the digits.
        case integer([UInt8])
        case bool(Bool)
        /// `null`, a number with a fraction or an exponent, or one with too many digits.
        case unusable
    }
}

/// Why a text is no JSON that everybody reads alike.
enum JSONError: Error, Equatable {
    case tooLong, tooDeep, notUTF8, duplicateMember, unexpected
}
