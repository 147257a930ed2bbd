import DemoGateway
import TestSupport
import Testing

/// A place where the gateway knows everybody and Sluice only those who bring a bearer. Addresses are
/// those that a trusted proxy tells.
private struct Neighbourhood {
    let stage: Stage

    init(
        _ profile: DemoGatewayProfile = .quiet, limit: Int, onExcess: String,
        _ change: (inout SluiceOptions) -> Void = { _ in }
    ) async throws {
        stage = try await Stage(profile) { options in
            options.tokenPlaces = ["bearer"]
            options.set("trusted_proxies", "- 127.0.0.1")
            options.policies = ["default.yaml": Self.global(limit, onExcess)]
            change(&options)
        }
    }

    static func global(_ limit: Int, _ onExcess: String) -> String {
        "version: 1\nglobal: { max_streams: \(limit), on_excess: \(onExcess) }\n"
    }

    /// Asks for a stream, with a token that Sluice reads or without.
    func ask(
        _ user: String?, from address: String = "192.0.2.1", accept: String = "text/event-stream",
        receiveBuffer: Int? = nil
    ) -> TestClient {
        let client = stage.sluice.client(
            receiveBuffer: receiveBuffer, name: "a stream of \(user ?? address)")
        let token = DemoToken.make(user: user ?? address, plan: nil)
        client.request(
            "GET", user == nil ? "/events?access_token=\(token)" : "/events",
            fields: [("accept", accept), ("x-forwarded-for", address)]
                + (user == nil ? [] : [("authorization", "Bearer \(token)")]))
        return client
    }

    func open(
        _ user: String?, from address: String = "192.0.2.1", receiveBuffer: Int? = nil
    ) async throws -> TestClient {
        let client = ask(user, from: address, receiveBuffer: receiveBuffer)
        let count = stage.sluice.count("stream_opened")
        #expect(try await client.head().status == 200)
        // Who is older is what these tests are about.
        try await stage.sluice.log("stream_opened", count: count + 1)
        return client
    }

    /// Whose streams were evicted, in order.
    func evicted(_ count: Int) async throws -> [String?] {
        try await stage.sluice.log("evict", count: count)
        return stage.sluice.lines("evict").map { $0["user"] }
    }
}

extension Scenarios {
    @Suite("B7: an address is no identity")
    struct AddressTests {
        @Test(
            "a newcomer without a token evicts nobody, whatever it asks and whoever is there",
            arguments: ["close_oldest_of_heaviest", "close_oldest", "reject_newest"],
            ["text/event-stream", "*/*"])
        func newcomer(onExcess: String, accept: String) async throws {
            let place = try await Neighbourhood(limit: 6, onExcess: onExcess)
            var live: [TestClient] = []
            for user in ["ann", "bob", "cid"] { live.append(try await place.open(user)) }
            for address in ["192.0.2.1", "192.0.2.1", "192.0.2.2"] {
                live.append(try await place.open(nil, from: address))
            }

            // From the heaviest address, from another one, and from one that is new.
            for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
                let refused = place.ask(nil, from: address, accept: accept)
                _ = try await refused.whole()
            }

            try await place.stage.sluice.log("stream_refused", count: 3)
            let reasons = place.stage.sluice.lines("stream_refused").map { $0["reason"] }
            #expect(reasons == ["global_cap", "global_cap", "global_cap"])
            #expect(live.allSatisfy { $0.isOpen })
            #expect(place.stage.sluice.count("evict") == 0)
            try await place.stage.gateway.streams(6)
            try await place.stage.expectSoundEnd()
        }

        @Test(
            "streams without a token make room first, the heaviest address first",
            arguments: ["close_oldest_of_heaviest", "close_oldest"])
        func anonymousFirst(onExcess: String) async throws {
            let place = try await Neighbourhood(limit: 8, onExcess: onExcess)
            // Named users are older and heavier than anybody.
            var named: [TestClient] = []
            for user in ["ann", "ann", "ann", "ann", "bob"] {
                named.append(try await place.open(user))
            }
            let light = try await place.open(nil, from: "192.0.2.2")
            let heavy = [
                try await place.open(nil, from: "192.0.2.1"),
                try await place.open(nil, from: "192.0.2.1"),
            ]

            named.append(try await place.open("cid"))
            #expect(try await heavy[0].whole().lastWords != nil)
            #expect(heavy[1].isOpen && light.isOpen)
            named.append(try await place.open("dan"))
            named.append(try await place.open("eve"))

            let evicted = try await place.evicted(3)
            #expect(evicted[0] == "address:192.0.2.1")
            #expect(Set(evicted.dropFirst()) == ["address:192.0.2.1", "address:192.0.2.2"])
            #expect(named.allSatisfy { $0.isOpen })
            let lines = place.stage.sluice.lines("evict")
            #expect(lines.allSatisfy { $0["choice"] == "anonymous" })
            #expect(lines.allSatisfy { $0["reason"] == "evicted_global_cap" })

            // When there is none left, a user pays.
            named.append(try await place.open("fay"))
            #expect(try await place.evicted(4).last == "ann")
            try await place.stage.gateway.streams(8)
            try await place.stage.expectSoundEnd()
        }

        @Test(
            "when a reload lowers the global limit, those without a token leave first",
            arguments: ["close_oldest_of_heaviest", "close_oldest", "reject_newest"])
        func surplus(onExcess: String) async throws {
            let place = try await Neighbourhood(limit: 9, onExcess: onExcess)
            var named: [TestClient] = []
            for user in ["ann", "ann", "bob"] { named.append(try await place.open(user)) }
            for address in ["192.0.2.2", "192.0.2.1", "192.0.2.1"] {
                _ = try await place.open(nil, from: address)
            }

            let reload = try await place.stage.sluice.reload([
                "default.yaml": Neighbourhood.global(3, onExcess)
            ])

            #expect(reload.number("surplus") == 3)
            let evicted = try await place.evicted(3)
            #expect(evicted.first == "address:192.0.2.1")
            #expect(evicted.allSatisfy { $0?.hasPrefix("address:") == true })
            try await place.stage.gateway.streams(3)
            #expect(named.allSatisfy { $0.isOpen })
            try await place.stage.expectSoundEnd()
        }

        @Test func `many addresses shrink nobody's fair share`() async throws {
            let place = try await Neighbourhood(limit: 9, onExcess: "close_oldest_of_heaviest") {
                $0.policies["default.yaml"]? += """
                    policies:
                      - name: work
                        match: { path: "/v1/**" }

                    """
            }
            // Four streams are less than a half of nine, and more than a sixth.
            var live: [TestClient] = []
            for _ in 0..<4 { live.append(try await place.open("ann")) }
            for number in 0..<5 {
                // A POST may not be closed, so it makes no room.
                let client = place.stage.sluice.client()
                let token = DemoToken.make(user: "\(number)", plan: nil)
                client.request(
                    "POST", "/v1/chat?access_token=\(token)&events=3&pause_ms=600000",
                    fields: [
                        ("accept", "text/event-stream"), ("x-forwarded-for", "192.0.2.\(number)"),
                    ], body: [])
                _ = try await client.head()
                live.append(client)
            }

            let bob = place.ask("bob")

            #expect(try await bob.whole().status == 503)
            #expect(live.allSatisfy { $0.isOpen })
            #expect(place.stage.sluice.count("evict") == 0)
            #expect(try await place.stage.sluice.stop() == .code(0))
        }
    }

    @Suite("B8: a second of silence is no death")
    struct PatienceTests {
        private static let flood: [UInt8] = {
            let event = Array("data: \(String(repeating: "x", count: 1000))\n\n".utf8)
            return Array(repeatElement(event, count: 3000).joined())
        }()

        /// Alice does not read, and bytes wait for her; the house is full.
        private static func stalled(
            _ limits: String, onExcess: String, users: [String]
        ) async throws -> (Neighbourhood, alice: TestClient, others: [TestClient]) {
            let place = try await Neighbourhood(
                .silent, limit: users.count, onExcess: onExcess
            ) { $0.set("limits", limits) }
            var (alice, others): (TestClient?, [TestClient]) = (nil, [])
            for (number, user) in users.enumerated() {
                // A second stream of Alice's reads.
                if user == "alice", alice == nil, number > 0 || users.first != "alice" {
                    alice = try await place.open(user, receiveBuffer: 32_768)
                } else {
                    others.append(try await place.open(user))
                }
            }
            let client = try #require(alice)
            client.pause()
            place.stage.gateway.gateway.send([flood], to: "alice")
            return (place, client, others)
        }

        @Test func `a client that did not read for two seconds keeps its place and its bytes`()
            async throws
        {
            let (place, alice, others) = try await Self.stalled(
                "write_timeout: 10m", onExcess: "close_oldest_of_heaviest",
                users: ["bob", "alice"])
            // Time itself is what is tested here: a third of the timeout is far away.
            try await Task.sleep(for: .seconds(2))

            let carol = place.ask("carol")
            #expect(try await carol.whole().status == 503)

            alice.resume()
            try await alice.until("all of it") {
                $0.responses.last?.bodyCount == Self.flood.count
            }
            #expect(alice.isOpen && others.allSatisfy { $0.isOpen })
            #expect(place.stage.sluice.count("evict") == 0)
            let line = try await place.stage.sluice.log("stream_refused")
            #expect(line["user"] == "carol")
            #expect(line["reason"] == "global_cap")
            try await place.stage.expectSoundEnd()
        }

        @Test func `of the heaviest user the oldest pays, not one that did not read for a moment`()
            async throws
        {
            let (place, alice, others) = try await Self.stalled(
                "write_timeout: 10m", onExcess: "close_oldest_of_heaviest",
                users: ["alice", "alice", "alice"])
            try await others[0].until("all of it") {
                $0.responses.last?.bodyCount == Self.flood.count
            }
            try await Task.sleep(for: .seconds(2))

            _ = try await place.open("carol")

            let evict = try await place.stage.sluice.log("evict")
            let oldest = place.stage.sluice.lines("stream_opened").first
            #expect(evict["stream"] == oldest?["stream"])
            #expect(evict["choice"] == "heaviest")
            #expect(alice.isOpen && others[1].isOpen)
            alice.leave(.reset)
            try await place.stage.expectSoundEnd()
        }

        @Test func `one that took nothing for a third of the timeout makes room`() async throws {
            let (place, alice, others) = try await Self.stalled(
                "write_timeout: 9s", onExcess: "close_oldest_of_heaviest",
                users: ["bob", "alice"])

            // Whoever asks again and again is let in when Alice is lost, and before she is closed.
            var carol = place.ask("carol")
            while try await carol.head().status == 503 {
                try await Task.sleep(for: .milliseconds(250))
                carol = place.ask("carol")
            }

            let evict = try await place.stage.sluice.log("evict")
            #expect(evict["user"] == "alice")
            #expect(evict["choice"] == "stalled")
            #expect(carol.isOpen && others.allSatisfy { $0.isOpen })
            #expect(place.stage.sluice.count("stream_refused") > 0)
            alice.leave(.reset)
            try await place.stage.expectSoundEnd()
        }
    }
}
