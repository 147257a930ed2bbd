private import Glibc
import HTTPModel

/// An address as proxies write it in `X-Forwarded-For` and `Forwarded` (RFC 7239, section 6).
enum NodeName {
    /// No address is longer, with brackets and a port.
    private static let bytesMax = 53

    /// The address alone, in the one form that the system writes; `nil` for a name, a word such as
    /// `unknown`, and everything else. A port may follow, and an IPv6 address may be in brackets.
    static func address(_ text: ArraySlice<UInt8>) -> String? {
        guard text.count <= bytesMax else { return nil }
        if text.first == UInt8(ascii: "[") {
            guard let closing = text.firstIndex(of: UInt8(ascii: "]")),
                isPortOrNothing(text[(closing + 1)...])
            else { return nil }
            return canonical(text[(text.startIndex + 1)..<closing], AF_INET6)
        }
        if text.count(where: { $0 == ASCII.colon }) > 1 { return canonical(text, AF_INET6) }
        let host = text.prefix { $0 != ASCII.colon }
        return isPortOrNothing(text[host.endIndex...]) ? canonical(host, AF_INET) : nil
    }

    /// An address as `Forwarded` wants it: one of IPv6 in brackets and quotes.
    static func forwarded(_ address: String) -> String {
        let bytes = Array(address.utf8)[...]
        if canonical(bytes, AF_INET6) != nil { return "\"[\(address)]\"" }
        return canonical(bytes, AF_INET) == nil ? "unknown" : address
    }

    private static func isPortOrNothing(_ text: ArraySlice<UInt8>) -> Bool {
        if text.isEmpty { return true }
        let digits = text.dropFirst()
        return text.first == ASCII.colon && (1...5).contains(digits.count)
            && digits.allSatisfy(\.isDigit)
    }

    /// An IPv4 address inside an IPv6 one is that IPv4 address.
    private static func canonical(_ text: ArraySlice<UInt8>, _ family: CInt) -> String? {
        guard text.count <= 45, text.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        var space = in6_addr()  // Large enough for an IPv4 address too.
        let string = String(decoding: text, as: UTF8.self)
        // SAFETY: `space` is ours and holds either family; the text lives through the call.
        guard unsafe inet_pton(family, string, &space) == 1 else { return nil }
        var written = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        // SAFETY: the function writes at most as many bytes as it is told, with a NUL.
        let result = unsafe inet_ntop(family, &space, &written, socklen_t(written.count))
        guard unsafe result != nil else { return nil }
        let address = written.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        let mapped = Array("::ffff:".utf8)
        let isMapped = address.starts(with: mapped) && address.contains(ASCII.dot)
        return String(decoding: address.dropFirst(isMapped ? mapped.count : 0), as: UTF8.self)
    }
}
