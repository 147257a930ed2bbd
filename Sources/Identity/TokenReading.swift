import HTTPModel
import Policy

/// What a token says of its bearer, as far as that can be seen from outside. Nothing is verified.
package struct TokenReading: Sendable {
    /// The claims; none for a token that has no payload for us.
    let claims: Claims
    /// Why nobody can be sure whom it names.
    let doubt: TokenDoubt?
    /// What tells it from other tokens: no part that its bearer can spell in another way.
    let distinction: ArraySlice<UInt8>

    package init(_ token: Token) {
        let parts = token.bytes.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let whole = token.bytes[...]
        if whole.first == UInt8(ascii: "{") {
            self.init(
                whole.mayBeSerialized || parts.contains(where: \.isObject) ? .form : nil, whole)
        } else if parts.count == 3 {
            self.init(signed: parts[0], payload: parts[1], of: whole)
        } else if zip(parts, parts.dropFirst()).contains(where: {
            $0.isHeaderOfWebToken && $1.isObject
        }) {
            self.init(.form, whole)
        } else if parts.count == 5, parts[0].isHeaderOfWebToken {
            self.init(nil, Self.sealed(parts)[...])
        } else {
            self.init(nil, whole)
        }
    }

    /// Three parts. A JSON Web Token (RFC 7519, section 3; RFC 7515, section 7.1) is what its first
    /// two say, letter by letter, for they are what is signed; the third can be written in several
    /// ways and is not looked at.
    private init(
        signed header: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, of whole: ArraySlice<UInt8>
    ) {
        let signed = whole[header.startIndex..<payload.endIndex]
        // Why it cannot be read makes no difference.
        if let decoded = Base64URL.decode(payload),
            let claims = try? JSONReader.claims(of: decoded)
        {
            self.init(nil, signed, claims: claims)
        } else if payload.isObject {
            self.init(.payload, signed)
        } else if payload.isEmpty, header.isHeaderOfWebToken {
            // What it signs stands elsewhere: its header is that of all tokens of its issuer.
            self.init(.form, signed)
        } else {
            self.init(nil, header.isHeaderOfWebToken ? signed : whole)
        }
    }

    private init(
        _ doubt: TokenDoubt?, _ distinction: ArraySlice<UInt8>, claims: Claims = Claims()
    ) {
        self.doubt = doubt
        self.distinction = distinction
        self.claims = claims
    }

    /// An encrypted token (RFC 7516, section 7.1): its header as it stands, which is what has been
    /// authenticated, and what the other parts encode.
    private static func sealed(_ parts: [ArraySlice<UInt8>]) -> [UInt8] {
        parts.dropFirst().reduce(into: Array(parts[0])) {
            $0 += ".".utf8
            $0 += Base64URL.encode(Base64URL.decodeLeniently($1)).utf8
        }
    }

    /// The name of the user that claims at these paths give, all of them together.
    ///
    /// - Returns: `nil` when one of them is missing.
    func user(at paths: [String]) throws(TokenDoubt) -> String? {
        if let doubt { throw doubt }
        var names: [String] = []
        for path in paths {
            guard let name = try name(at: path) else { return nil }
            names.append(name)
        }
        return User.claimName(of: names)
    }

    /// A string, or an integer as it is written, so that `"2"` and `2` are one. What other programs
    /// may write in several ways, such as `2.0`, is no name.
    private func name(at path: String) throws(TokenDoubt) -> String? {
        switch claims.find(path) {
        case .none, .one(.nothing, _): return nil
        case .one(.text, let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            guard !text.isEmpty, !text.unicodeScalars.contains(where: \.isControl) else {
                throw .claim
            }
            return text
        case .one(.integer, let digits):
            guard !digits.elementsEqual("-0".utf8) else { throw .claim }
            return String(decoding: digits, as: UTF8.self)
        case .one(.number, _), .one(.word, _), .one(.other, _), .several: throw .claim
        }
    }
}

/// What the most lenient reader may take a part for.
extension ArraySlice<UInt8> {
    /// The header of a JSON Web Token must have the member `alg` (RFC 7515, section 4.1.1).
    fileprivate var isHeaderOfWebToken: Bool {
        guard let object else { return false }
        return object.contains(UInt8(ascii: "\\"))
            || object.indices.contains {
                object[$0] == UInt8(ascii: "\"") && object[$0...].starts(with: #""alg""#.utf8)
            }
    }

    fileprivate var isObject: Bool { object != nil }

    /// Whether an object may be a JSON Web Token in its other form (RFC 7515, section 7.2; RFC 7516,
    /// section 7.2): what is signed stands in one member, and dots may stand in any.
    fileprivate var mayBeSerialized: Bool {
        contains(UInt8(ascii: "\\"))
            || indices.contains {
                self[$0] == UInt8(ascii: "\"")
                    && (self[$0...].starts(with: #""payload""#.utf8)
                        || self[$0...].starts(with: #""ciphertext""#.utf8))
            }
    }

    /// Its bytes, if they begin as an object does.
    private var object: ArraySlice<UInt8>? {
        let decoded = Base64URL.decodeLeniently(self)
        let start = decoded.firstIndex { !$0.mayStandBeforeObject }
        guard let start, decoded[start] == UInt8(ascii: "{") else { return nil }
        return decoded[start...]
    }
}

extension UInt8 {
    /// White space, byte order marks, and the zeros of wider encodings.
    fileprivate var mayStandBeforeObject: Bool {
        switch self {
        case 0, 0x09, 0x0A, 0x0D, 0x20, 0xEF, 0xBB, 0xBF, 0xFE, 0xFF: true
        default: false
        }
    }
}

extension Unicode.Scalar {
    /// C0, DEL and C1: what no log or key should carry.
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
