import HTTP1
import HTTPModel
import Identity
import Policy
import TLS

/// A request that says where its stream was left: with an id of the gateway's, or a tombstone of ours.
enum ResumedRequests {
    private static let seal = TombstoneSeal(
        key: KeyedHash(key: Array("a key for tests, 32 bytes long..".utf8)))

    static func check(_ head: RequestHead) throws(BrokenProperty) {
        let user = User.claim("alice")
        let named = head.fields.first(.lastEventID)
        let asked = head.target.query.flatMap { LastEventIDQuery.first(in: $0) }
        for id in [named, asked].compactMap(\.self) {
            if case .tombstone = seal.read(id, from: user, origin: nil, now: 0) {
                throw BrokenProperty(description: "nobody else signs a tombstone: \(id)")
            }
            guard
                let tombstone = Tombstone(
                    stream: 7, round: 3, lastEventID: id, sharing: .none)
            else { continue }
            let text = seal.write(tombstone, for: user, expires: 1000)
            try require(
                seal.read(text, from: user, origin: nil, now: 0) == .tombstone(tombstone),
                "a tombstone is read as it was written", text)
        }
    }

    /// The request as it goes on when its query held a tombstone with an id of any bytes.
    static func restored(_ head: RequestHead) -> RequestHead? {
        guard let query = head.target.query,
            let changed = LastEventIDQuery.replacingTombstones(
                in: query, with: { "7 &=#%\u{E9}\r\n\($0)" })
        else { return nil }
        var head = head
        head.target = RequestTarget(path: head.target.path, query: changed)
        return head
    }
}
