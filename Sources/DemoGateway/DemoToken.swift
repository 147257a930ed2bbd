/// Tokens for the demo and the tests: JWTs in shape, with a word for a signature. The gateway
/// believes one whose signature is `good`.
package enum DemoToken {
    private static let header = #"{"alg":"EdDSA","typ":"JWT"}"#

    /// A token that the gateway accepts.
    package static func make(user: String, plan: String?) -> String {
        let claim = plan.map { #","plan":\#(quoted($0))"# } ?? ""
        return make(payload: #"{"sub":\#(quoted(user))\#(claim)}"#, signature: "good")
    }

    /// A token with any payload and any signature.
    package static func make(payload: String, signature: String) -> String {
        "\(Base64URL.encode(header)).\(Base64URL.encode(payload)).\(signature)"
    }

    /// `text` as a JSON string.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            case _: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Whose token it is: `sub` of a JWT with a good signature, the text itself of an opaque token;
    /// `nil` for one that nobody should believe.
    static func user(of token: String) -> String? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return token.isEmpty || token == "bad" ? nil : token }
        guard parts[2] == "good", let payload = Base64URL.decode(parts[1]) else { return nil }
        return subject(in: String(decoding: payload, as: UTF8.self))
    }

    /// The value of `sub`, as it is written: enough to tell users apart.
    private static func subject(in payload: String) -> String? {
        guard let key = payload.firstRange(of: "\"sub\":") else { return nil }
        let value = payload[key.upperBound...]
        guard value.first == "\"" else {
            let digits = value.prefix { $0.isNumber }
            return digits.isEmpty ? nil : String(digits)
        }
        var result = ""
        var isEscaped = false
        for character in value.dropFirst() {
            if character == "\"", !isEscaped { return result }
            isEscaped = character == "\\" && !isEscaped
            result.append(character)
        }
        return nil
    }
}
