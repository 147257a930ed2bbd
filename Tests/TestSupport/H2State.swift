/// A connection of HTTP/2 as its client sees it.
package struct H2State: Sendable {
    package internal(set) var handshake = TestClient.Handshake.pending
    package internal(set) var negotiatedProtocol: String?
    package internal(set) var end: TestClient.End?
    /// What the server allows; `nil` until it has said so.
    package internal(set) var settings: [H2Setting: Int]?
    /// How often the server has agreed to ours.
    package internal(set) var settingsAcks = 0
    /// The first bytes of the pings that the server has answered.
    package internal(set) var pongs: [UInt8] = []
    /// The GOAWAYs, as they came.
    package internal(set) var goAways: [(last: Int, code: H2Code)] = []
    package internal(set) var streams: [Int: H2StreamState] = [:]
    /// How many frames of each kind came.
    package internal(set) var counts: [H2Frame.Kind: Int] = [:]
    /// Why what came could not be understood.
    package internal(set) var problem: String?
    /// The id of the next stream.
    var next = 1
    /// How much more the client may send on all streams together.
    var sendWindow = 65_535

    /// Why the server ends the connection, if it does.
    package var goAway: H2Code? { goAways.last?.code }

    /// How much the client may send on a stream that begins now.
    var initialSendWindow: Int { settings?[.initialWindowSize] ?? 65_535 }

    /// Changes a stream of ours.
    mutating func change(_ id: Int, _ change: (inout H2StreamState) -> Void) {
        let fresh = H2StreamState(sendWindow: initialSendWindow)
        change(&streams[id, default: fresh])
    }

    /// The server has said what it allows.
    mutating func received(_ settings: [(H2Setting, Int)]) {
        let before = initialSendWindow
        var all = self.settings ?? [:]
        for (setting, value) in settings { all[setting] = value }
        self.settings = all
        let growth = initialSendWindow - before
        for id in streams.keys { change(id) { $0.sendWindow += growth } }
    }

    mutating func widen(_ stream: Int, by count: Int) {
        guard stream != 0 else { return sendWindow += count }
        change(stream) { $0.sendWindow += count }
    }
}
