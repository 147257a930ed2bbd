private import Glibc

/// How the text of an address is written.
enum AddressFamily {
    case ipv4, ipv6

    /// Whether `text` is a numeric address of the family.
    func holds(_ text: String) -> Bool {
        guard !text.utf8.contains(0) else { return false }
        var space = in6_addr()  // Large enough for an IPv4 address too.
        let family =
            switch self {
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            }
        // SAFETY: `space` is ours and holds either family; `text` lives through the call.
        return unsafe inet_pton(family, text, &space) == 1
    }
}
