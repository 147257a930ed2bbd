import Policy

extension Kind<Int> {
    /// The version of the policy files' format: there is one.
    static let formatVersion = Kind("1") { scalar throws(Misfit) in
        let version = try Kind.wholeNumber(0...Int.max).read(scalar)
        guard version == 1 else {
            throw .unexpected(mend: "this release reads version 1 alone")
        }
        return version
    }
}

extension Kind<String> {
    /// Short and plain, since it stands in every log line of its streams.
    static let policyName = Kind("a name of letters, digits, _ . and -, at most 64") {
        scalar throws(Misfit) in
        let name = scalar.text
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard !scalar.isNull, isPlain, (1...64).contains(name.utf8.count) else {
            throw .unexpected()
        }
        return name
    }

    /// The methods whose responses can be streams, in capitals as HTTP has them.
    static let method = Kind(methods.alternatives) { scalar throws(Misfit) in
        guard methods.contains(scalar.text) else {
            let nearest = NearMiss.nearest(to: scalar.text, among: methods)
            throw .unexpected(mend: nearest.map { "did you mean \($0)?" })
        }
        return scalar.text
    }

    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
}

extension Kind<ExactText> {
    static func exactText(_ what: String, lengthMax: Int) -> Self {
        let text = Kind<String>.text(what, lengthMax: lengthMax)
        return Kind(text.expected, show: { $0.text }) { scalar throws(Misfit) in
            ExactText(try text.read(scalar))
        }
    }
}

extension Kind<PathPattern> {
    static let pathPattern = Kind(
        pattern: "a path", example: "/events or /chat/**", show: { $0.text }
    ) { text throws(PatternError) in try PathPattern(text) }
}

extension Kind<HostPattern> {
    static let hostPattern = Kind(
        pattern: "a host", example: "example.com", show: { $0.text }
    ) { text throws(PatternError) in try HostPattern(text) }
}

/// Every policy's patterns are compared with those of all before it, so none is long.
private let patternBytesMax = 256

extension Kind {
    /// A text that is compiled into a pattern.
    fileprivate init(
        pattern what: String, example: String, show: @escaping @Sendable (Value) -> String,
        compile: @escaping @Sendable (String) throws(PatternError) -> Value
    ) {
        self.init("\(what) such as \(example), at most \(patternBytesMax) bytes", show: show) {
            scalar throws(Misfit) in
            let text = try Kind<String>.text(what, lengthMax: patternBytesMax).read(scalar)
            do throws(PatternError) {
                return try compile(text)
            } catch {
                throw .other(error.message)
            }
        }
    }
}
