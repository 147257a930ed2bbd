import DemoGateway
import TestSupport

/// What a war is fought about, and by whom. All times of the clients and of Sluice's settings are
/// real ones divided by `scale`.
struct WarTerms: Sendable {
    var scale = 60
    /// How long it lasts, in minutes before scaling. Even those who come back slowly, and so could
    /// spend the budget for eight minutes, have spent it in the first half.
    var minutes = 16
    /// Tombstones, standby, the budget, and words that tell when to come back.
    var hasMechanisms = true
    /// Whether the gateway's events carry ids.
    var hasIDs = true
    var armies = WarTerms.everyArmy

    /// The tabs of one user, all of one kind.
    struct Army: Hashable, Sendable, CustomStringConvertible {
        let client: ClientDouble
        let tabs: Int

        var user: String { "\(client)".lowercased().filter { $0.isLetter } + "-\(tabs)" }
        /// Names the user where the gateway sees no token.
        var path: String { "/events/" + user }
        /// Whether a single tab makes several streams once something has gone wrong.
        var fightsItself: Bool { client == .seedEra && tabs == 1 }
        var description: String { "\(client), \(tabs) tabs" }
    }

    static let everyArmy = ClientDouble.allCases.flatMap { client in
        [1, 2, 5].map { Army(client: client, tabs: $0) }
    }

    func scaled(seconds: Int) -> Duration { .seconds(seconds) / scale }

    /// How far apart the published events are.
    var pace: Duration { scaled(seconds: 3) }
    var length: Duration { scaled(seconds: 60 * minutes) }

    var profile: DemoGatewayProfile {
        var profile = DemoGatewayProfile.quiet
        profile.sendsIDs = hasIDs
        return profile
    }

    var options: SluiceOptions {
        SluiceOptions { options in
            // The gateway and the ledger are looked at, not the sockets: no TLS, more clients.
            options.usesTLS = false
            options.tokenPlaces = ["bearer", "query:access_token"]
            guard hasMechanisms else {
                options.set("gateway", "streams_per_second: 100000")
                options.set("gateway", "streams_burst: 100000")
                options.policies = [
                    "default.yaml": SluiceOptions.cap(
                        1, "after_eviction: nothing", "eviction_budget: off")
                ]
                return
            }
            options.set("streams", "evicted_retry: \(milliseconds(60))")
            options.set("streams", "evicted_retry_max: \(milliseconds(300))")
            let budget = "eviction_budget: { burst: 10, refill: \(milliseconds(30)) }"
            options.policies = ["default.yaml": SluiceOptions.cap(1, budget)]
        }
    }

    /// A scaled time as settings write it.
    private func milliseconds(_ seconds: Int) -> String { "\(seconds * 1000 / scale)ms" }
}
