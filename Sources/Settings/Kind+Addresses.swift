private import Glibc

extension Kind<Settings.Gateway.Endpoint> {
    /// A URL may hold a password, so what cannot be read is not repeated from an @ or ? on.
    static let gatewayURL = Kind(
        "http://HOST:PORT, https://HOST:PORT or unix:/PATH", show: { $0.url }
    ) { scalar throws(Misfit) in
        let text = try oneLine(scalar)
        guard !text.contains("@"), !text.contains("?"), !text.contains("#") else {
            throw .other(
                "expected http://HOST:PORT, https://HOST:PORT or unix:/PATH; remove what belongs "
                    + "to @, ? or #")
        }
        if text.hasPrefix("unix:") {
            return Settings.Gateway.Endpoint(address: try unix(text), isEncrypted: false)
        }
        let schemes = [("http://", false, UInt16(80)), ("https://", true, 443)]
        guard let (scheme, isEncrypted, port) = schemes.first(where: { text.hasPrefix($0.0) })
        else { throw .unexpected() }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.hasSuffix("/") ? rest.dropLast() : rest
        guard !authority.contains("/") else {
            throw .unexpected(mend: "remove the path; every request keeps its own")
        }
        let parts = try HostPort(String(authority))
        guard parts.isNumeric || parts.isName, parts.port != 0 else { throw .unexpected() }
        return Settings.Gateway.Endpoint(
            address: .tcp(host: parts.host, port: parts.port ?? port), isEncrypted: isEncrypted)
    }
}

extension Kind<Network> {
    static let network = Kind(
        "a network such as 10.0.0.0/8 or 2001:db8::/32, or unix", show: { $0.text }
    ) { scalar throws(Misfit) in
        guard let network = Network(try oneLine(scalar)) else {
            throw .unexpected(mend: "write an address, and after a / how many of its bits count")
        }
        return network
    }
}

extension Kind<UInt16> {
    static let port = Kind("a port from 1 to 65535") { scalar throws(Misfit) in
        let number = try Kind<Int>.wholeNumber(1...65_535).read(scalar)
        return UInt16(number)
    }
}

extension Kind<Address> {
    static let listenAddress = Kind(
        "an address such as 0.0.0.0:8443, [::]:8443 or unix:/run/sluice.sock", show: { $0.text }
    ) { scalar throws(Misfit) in
        let text = try oneLine(scalar)
        if text.hasPrefix("unix:") { return try unix(text) }
        let parts = try HostPort(text)
        guard let port = parts.port else {
            throw .unexpected(mend: "add a port, such as \(text.shown):8443")
        }
        guard !parts.host.isEmpty else {
            throw .unexpected(mend: "write 0.0.0.0:\(port) for every address of this machine")
        }
        guard parts.isNumeric else {
            throw .unexpected(
                mend: "write a numeric address; 127.0.0.1 is this machine alone, 0.0.0.0 all of "
                    + "its addresses")
        }
        return .tcp(host: parts.host, port: port)
    }
}

/// A host and, mostly, a port, as they stand in an address or a URL.
private struct HostPort {
    /// Without brackets.
    let host: String
    let port: UInt16?
    private let isBracketed: Bool

    init(_ text: String) throws(Misfit) {
        isBracketed = text.hasPrefix("[")
        let colon = text.utf8.lastIndex(of: UInt8(ascii: ":"))
        let bracket = text.utf8.lastIndex(of: UInt8(ascii: "]"))
        // A colon before the bracket belongs to the address.
        let split = colon.flatMap { colon in bracket.map { $0 < colon } ?? true ? colon : nil }
        let hostText = text[..<(split ?? text.endIndex)]
        if isBracketed, !hostText.hasSuffix("]") { throw .unexpected(mend: "close the bracket") }
        if !isBracketed, hostText.contains(":") {
            throw .unexpected(mend: "put an IPv6 address in brackets, such as [::1]:8443")
        }
        host = String(isBracketed ? hostText.dropFirst().dropLast() : hostText)
        port = try split.map { split throws(Misfit) in
            try Self.port(text[text.utf8.index(after: split)...])
        }
    }

    /// Whether the host is an address that needs no resolver.
    var isNumeric: Bool {
        guard !host.utf8.contains(0) else { return false }
        var space = in6_addr()  // Large enough for an IPv4 address too.
        // SAFETY: `space` is ours and holds either family; `host` lives through the call.
        return unsafe inet_pton(isBracketed ? AF_INET6 : AF_INET, host, &space) == 1
    }

    /// Whether the host is a name that a resolver can be asked for.
    var isName: Bool {
        let labels = host.utf8.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        // A last label of digits alone would be an IPv4 address with a typing error.
        let endsInDigits = labels.last?.allSatisfy(Self.isDigit) ?? true
        return !isBracketed && host.utf8.count <= 253 && !endsInDigits
            && labels.allSatisfy { (1...63).contains($0.count) && $0.allSatisfy(Self.isNameByte) }
    }

    private static func port(_ text: Substring) throws(Misfit) -> UInt16 {
        guard let port = UInt16(text), text == String(port) else {
            throw .unexpected(mend: "a port is a number up to 65535")
        }
        return port
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

private func oneLine(_ scalar: YAMLScalar) throws(Misfit) -> String {
    try Kind<String>.text("an address", lengthMax: 512).read(scalar)
}

private func unix(_ text: String) throws(Misfit) -> Address {
    let path = String(text.dropFirst("unix:".count))
    let lengthMax = 107  // unix(7): `sun_path` has 108 bytes, the last one a NUL.
    guard !path.isEmpty, path.utf8.count <= lengthMax else {
        throw .unexpected(
            mend: "write a path of 1 to \(lengthMax) bytes, such as unix:/run/sluice.sock")
    }
    return .unix(path: path)
}
