private import Glibc

/// An address as proxies write it in `X-Forwarded-For` and `Forwarded` (RFC 7239, section 6).
enum NodeName {
    /// The address alone, in the one form that the system writes; `nil` for a name, a word such as
    /// `unknown`, and everything else. A port may follow, and an IPv6 address may be in brackets.
    static func address(_ text: Substring) -> String? {
        if text.hasPrefix("[") {
            guard let closing = text.firstIndex(of: "]"),
                isPortOrNothing(text[text.index(after: closing)...])
            else { return nil }
            return canonical(text[text.index(after: text.startIndex)..<closing], AF_INET6)
        }
        if text.utf8.count(where: { $0 == UInt8(ascii: ":") }) > 1 {
            return canonical(text, AF_INET6)
        }
        let host = text.prefix { $0 != ":" }
        return isPortOrNothing(text[host.endIndex...]) ? canonical(host, AF_INET) : nil
    }

    /// An address as `Forwarded` wants it: one of IPv6 in brackets and quotes.
    static func forwarded(_ address: Substring) -> String {
        if canonical(address, AF_INET6) != nil { return "\"[\(address)]\"" }
        return canonical(address, AF_INET) == nil ? "unknown" : String(address)
    }

    private static func isPortOrNothing(_ text: Substring) -> Bool {
        if text.isEmpty { return true }
        let digits = text.dropFirst()
        return text.hasPrefix(":") && (1...5).contains(digits.utf8.count)
            && digits.utf8.allSatisfy(\.isDigit)
    }

    /// An IPv4 address inside an IPv6 one is that IPv4 address.
    private static func canonical(_ text: Substring, _ family: CInt) -> String? {
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
        var space = in6_addr()  // Large enough for an IPv4 address too.
        // SAFETY: `space` is ours and holds either family; the text lives through the call.
        guard unsafe inet_pton(family, String(text), &space) == 1 else { return nil }
        var written = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        // SAFETY: the function writes at most as many bytes as it is told, with a NUL.
        let result = unsafe inet_ntop(family, &space, &written, socklen_t(written.count))
        guard unsafe result != nil else { return nil }
        let address = String(
            decoding: written.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let mapped = "::ffff:"
        let isMapped = address.hasPrefix(mapped) && address.contains(".")
        return isMapped ? String(address.dropFirst(mapped.utf8.count)) : address
    }
}
