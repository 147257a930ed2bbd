/// How the gateway behaves: which of the habits that real gateways have it plays.
package struct DemoGatewayProfile: Sendable {
    /// What a stream carries without anybody publishing.
    package enum Wire: Sendable {
        /// As fechatter does it: `data` before `event`, nearly everything `event: Generic`, a
        /// confirmation at once, heartbeats that are real events.
        case fechatter
        /// No byte of the body until the first `: ping`.
        case comments
        /// Nothing at all. For tests that compare every byte.
        case silent
    }

    /// So many requests in a window, counted as fechatter does: by the first element of
    /// `X-Forwarded-For`, else by `X-Real-IP`, else for everybody together.
    package struct RateLimit: Sendable {
        package var requests: Int
        package var window: Duration

        package init(requests: Int, window: Duration) {
            self.requests = requests
            self.window = window
        }

        package static let fechatter = RateLimit(requests: 100, window: .seconds(60))
    }

    package var wire: Wire
    package var heartbeatInterval: Duration?
    /// After how long without a byte a `: ping` is sent.
    package var commentInterval: Duration?
    /// A message that each stream gets by itself, so that there is something to see.
    package var chatterInterval: Duration?
    /// Whether a byte from the client during a response ends it. The end of its bytes always does.
    package var abortsOnExtraBytes: Bool
    package var rateLimit: RateLimit?
    /// Whether events carry ids, and `Last-Event-ID` brings back what was missed.
    package var sendsIDs: Bool
    /// Whether a message to a user reaches only the newest of the user's streams.
    package var publishesToNewestOnly: Bool

    package init(
        wire: Wire, heartbeatInterval: Duration?, commentInterval: Duration?,
        chatterInterval: Duration?, abortsOnExtraBytes: Bool, rateLimit: RateLimit?,
        sendsIDs: Bool, publishesToNewestOnly: Bool
    ) {
        self.wire = wire
        self.heartbeatInterval = heartbeatInterval
        self.commentInterval = commentInterval
        self.chatterInterval = chatterInterval
        self.abortsOnExtraBytes = abortsOnExtraBytes
        self.rateLimit = rateLimit
        self.sendsIDs = sendsIDs
        self.publishesToNewestOnly = publishesToNewestOnly
    }
}

extension DemoGatewayProfile {
    /// The reference gateway, in real time.
    package static let fechatter = DemoGatewayProfile(
        wire: .fechatter, heartbeatInterval: .seconds(30), commentInterval: .seconds(25),
        chatterInterval: nil, abortsOnExtraBytes: true, rateLimit: nil, sendsIDs: false,
        publishesToNewestOnly: true)

    /// The same for `sluice demo`: every stream shows something every few seconds.
    package static let demo = DemoGatewayProfile(
        wire: .fechatter, heartbeatInterval: .seconds(10), commentInterval: .seconds(25),
        chatterInterval: .seconds(2), abortsOnExtraBytes: true, rateLimit: nil, sendsIDs: false,
        publishesToNewestOnly: false)

    /// The confirmation and nothing more: what is sent is what a test publishes.
    package static let quiet = DemoGatewayProfile(
        wire: .fechatter, heartbeatInterval: nil, commentInterval: nil, chatterInterval: nil,
        abortsOnExtraBytes: true, rateLimit: nil, sendsIDs: false, publishesToNewestOnly: false)

    /// The head and nothing more.
    package static let silent = DemoGatewayProfile(
        wire: .silent, heartbeatInterval: nil, commentInterval: nil, chatterInterval: nil,
        abortsOnExtraBytes: true, rateLimit: nil, sendsIDs: false, publishesToNewestOnly: false)

    /// The older gateway, its 25 s scaled to 250 ms.
    package static let comments = DemoGatewayProfile(
        wire: .comments, heartbeatInterval: nil, commentInterval: .milliseconds(250),
        chatterInterval: nil, abortsOnExtraBytes: true, rateLimit: nil, sendsIDs: false,
        publishesToNewestOnly: false)
}
