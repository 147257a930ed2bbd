import Identity
import Locking
import Policy

/// What the gateway has let pages of other origins read, by its own answers: so much they may read
/// of ours. An origin that it has not answered yet may read nothing.
final class OriginBook: Sendable {
    /// The oldest are forgotten above that.
    static let originsMax = 1024
    /// No browser writes a longer one.
    private static let bytesMax = 512

    private struct Pages {
        var sharing: [ExactText: CrossOriginSharing] = [:]
        /// The same, in the order in which they came.
        var order: [ExactText] = []
        var oldest = 0
    }

    private let pages = Guarded(Pages())

    /// Takes note of an answer to a request of `origin` for `host`.
    func note(_ sharing: CrossOriginSharing, of origin: String, for host: String) {
        let key = ExactText("\(origin) \(host)")
        guard key.text.utf8.count <= Self.bytesMax else { return }
        pages.withLock { pages in
            guard pages.sharing[key] == nil else {
                pages.sharing[key] = sharing
                return
            }
            guard sharing != .none else { return }
            pages.sharing[key] = sharing
            guard pages.order.count == Self.originsMax else { return pages.order.append(key) }
            pages.sharing[pages.order[pages.oldest]] = nil
            pages.order[pages.oldest] = key
            pages.oldest = (pages.oldest + 1) % Self.originsMax
        }
    }

    func sharing(with origin: String, for host: String) -> CrossOriginSharing {
        pages.withLock { $0.sharing[ExactText("\(origin) \(host)")] ?? .none }
    }
}
