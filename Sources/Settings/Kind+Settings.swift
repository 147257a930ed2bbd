import HTTP1
import Identity

extension Kind<String> {
    /// A path is only read here; whoever opens it finds out whether anything is there.
    static let path = Kind.text("a path", lengthMax: 4095)

    /// The path of a request.
    static let requestPath = Kind("a path that begins with /") { scalar throws(Misfit) in
        let text = try Kind<String>.text("a path", lengthMax: 1024).read(scalar)
        guard text.hasPrefix("/"), text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw .unexpected(mend: "write a path such as /healthz, without spaces")
        }
        return text
    }
}

extension Kind<TokenPlace> {
    static let tokenPlace = Kind(
        "bearer, query:NAME, cookie:NAME, header:NAME or certificate", show: { $0.text }
    ) { scalar throws(Misfit) in
        guard let place = TokenPlace(scalar.text) else {
            // A long text may be a token that was put here by mistake.
            guard scalar.text.utf8.count <= 32 else {
                throw .unexpected(got: "a text of \(scalar.text.utf8.count) bytes")
            }
            throw .unexpected()
        }
        if let objection = place.objection { throw .other(objection) }
        return place
    }
}

extension TokenPlace {
    /// Why Sluice and the gateway would not read the same there; `nil` when they do.
    fileprivate var objection: String? {
        switch self {
        case .bearer, .cookie, .certificate: nil
        case .query(let name):
            LastEventIDQuery.isName(name[...])
                ? "\(text.shown) is where a client's last event id stands, which is not always "
                    + "passed on as it came; name the place that the gateway reads a token from"
                : nil
        case .header("cookie"):
            "header:cookie holds every cookie that the client has; write cookie:NAME"
        case .header(let name):
            RequestField.alwaysPasses(name)
                ? nil
                : "\(text.shown) does not reach the gateway as the client sends it: Sluice takes "
                    + "such a field out, or writes its own; name a field that it leaves alone"
        }
    }
}

extension Kind<String> {
    /// An origin as browsers write it (RFC 6454, section 6.1), or the star for any.
    static let origin = Kind("an origin such as https://app.example, or *") {
        scalar throws(Misfit) in
        let text = try Kind.text("an origin", lengthMax: 256).read(scalar)
        guard text != Settings.Headers.anyOrigin else { return text }
        let bytes = Array(text.utf8)
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? 0
        guard colon > 0, bytes[colon...].starts(with: "://".utf8), bytes.count > colon + 3,
            bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !(0x41...0x5A).contains($0) }),
            !bytes[(colon + 3)...].contains(where: { [0x2F, 0x3F, 0x23, 0x40, 0x2C].contains($0) })
        else {
            throw .unexpected(mend: "write scheme, host and port as browsers do, in lower case")
        }
        return text
    }

    /// The path of a claim that names a user, or the word for none.
    static let userClaim = Kind("a claim such as sub or user.id, or token") {
        scalar throws(Misfit) in
        let text = try Kind.text("a claim", lengthMax: 256).read(scalar)
        let parts = text.utf8.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }) else {
            throw .unexpected(mend: "write one name between the dots")
        }
        return text
    }
}

extension Kind<Settings.Log.Target> {
    static let logTarget = Kind(
        "stdout, stderr or the path of a file",
        show: { target in
            switch target {
            case .stdout: "stdout"
            case .stderr: "stderr"
            case .file(let path): path
            }
        }
    ) { scalar throws(Misfit) in
        switch try Kind<String>.path.read(scalar) {
        case "stdout": .stdout
        case "stderr": .stderr
        case let path: .file(path)
        }
    }
}
