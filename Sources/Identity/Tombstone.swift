/// The id in an evicted client's last words. An EventSource that reconnects by itself brings it back
/// as its `Last-Event-ID`; a reload or a new object does not, and is an ordinary newcomer.
///
/// It takes the place of the stream's real last event id and holds that one, so that nothing is lost
/// when the client is let in again.
package struct Tombstone: Equatable, Sendable {
    /// The stream that was evicted.
    package let stream: UInt64
    /// How many times its bearer has been put off since, up to 255.
    package let round: UInt8
    /// What the client's last event id was; empty when it had none.
    package let lastEventID: String
    /// Whether a page of another origin may read our answers: what the gateway allowed it.
    package let sharing: CrossOriginSharing

    /// Longer ids are not wrapped: the tombstone would not pass as a field everywhere.
    package static let lastEventIDBytesMax = 512

    /// - Returns: `nil` for an id that is too long, or that no field could carry.
    package init?(
        stream: UInt64, round: UInt8, lastEventID: String, sharing: CrossOriginSharing
    ) {
        guard lastEventID.utf8.count <= Self.lastEventIDBytesMax,
            lastEventID.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        self.stream = stream
        self.round = round
        self.lastEventID = lastEventID
        self.sharing = sharing
    }

    /// The same for the next round of waiting.
    package var renewed: Tombstone? {
        Tombstone(
            stream: stream, round: round == .max ? .max : round + 1, lastEventID: lastEventID,
            sharing: sharing)
    }
}

/// What a gateway lets pages of another origin read (Fetch standard, section 3.3, CORS protocol).
package enum CrossOriginSharing: Equatable, Sendable {
    /// Nothing, or it was not asked.
    case none
    /// Everybody may read, without credentials.
    case anyone
    /// This origin may, as it is written in `Origin`.
    case origin(String, withCredentials: Bool)

    /// What a request from `origin` may read when the gateway answers with these two fields.
    package init(origin: String?, allowOrigin: String?, allowCredentials: String?) {
        guard let origin, let allowOrigin else {
            self = .none
            return
        }
        if allowOrigin == "*" {
            self = .anyone
        } else if allowOrigin.utf8.elementsEqual(origin.utf8) {
            self = .origin(origin, withCredentials: allowCredentials == "true")
        } else {
            self = .none
        }
    }
}

/// What a `Last-Event-ID` turned out to be.
package enum LastEventID: Equatable, Sendable {
    /// The gateway's own: it is none of our business.
    case plain
    /// It looks like a tombstone and is not one of ours: it means nothing to anybody.
    case forged
    /// Ours, but expired or another user's. The gateway is given the id that it holds.
    case spent(lastEventID: String)
    case tombstone(Tombstone)
}
