import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("Standby: tombstones that do not hold")
    struct StandbyTombstoneTests {
        @Test func `another user's is worth the id that it holds, and touches no one else`()
            async throws
        {
            let stage = try await Stage(.withIDs)
            let (victim, winner) = try await stage.evicted("alice")
            let tombstone = try await victim.tombstone()
            let bystander = try await stage.sluice.ask("bob")

            let thief = try await stage.sluice.ask("bob", lastEventID: tombstone)

            // As any newcomer of bob's would.
            #expect(try await bystander.end() == .closeNotify)
            #expect(thief.isOpen)
            #expect(thief.response?.text.contains("sluice-resumed") == false)
            #expect(stage.lastEventIDAtGateway == ["1"])
            try await stage.publish(2, to: "alice", until: winner)
            stage.expectNoTombstoneAtGateway()
            try await stage.expectSoundEnd()
            #expect(stage.sluice.lines("evict").map { $0["user"] } == ["alice", "bob"])
        }

        @Test func `one that has expired makes its bearer a newcomer, with the id restored`()
            async throws
        {
            let stage = try await Stage(.withIDs) { $0.set("streams", "tombstone_lifetime: 1s") }
            let (victim, winner) = try await stage.evicted("alice")
            let tombstone = try await victim.tombstone()

            // Time itself is what is tested here.
            try await Task.sleep(for: .seconds(2))
            let tab = try await stage.sluice.ask("alice", lastEventID: tombstone)

            #expect(tab.response?.gatewayStream != nil)
            #expect(try await winner.end() == .closeNotify)
            #expect(stage.lastEventIDAtGateway == ["1"])
            stage.expectNoTombstoneAtGateway()
            try await stage.expectSoundEnd()
        }

        @Test func `what only looks like one is taken away`() async throws {
            let stage = try await Stage(.withIDs) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "eviction_budget: off")]
            }
            let (victim, winner) = try await stage.evicted("alice")
            let tombstone = try await victim.tombstone()
            let bob = try await stage.sluice.ask("bob")
            var latest = winner

            let forgeries = Self.forgeries(of: tombstone)
            for forgery in forgeries {
                let client = try await stage.sluice.ask("alice", lastEventID: forgery)
                let head = try await client.head()
                try #require(head.gatewayStream != nil, "\(forgery): \(head.status) \(head.text)")
                #expect(stage.lastEventIDAtGateway == [], "\(forgery)")
                #expect(try await latest.end() == .closeNotify)
                latest = client
            }

            try await stage.publish(2, to: "bob", until: bob)
            stage.expectNoTombstoneAtGateway()
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") == 1 + forgeries.count)
            #expect(stage.sluice.count("stream_refused") == 0)
        }

        /// One character changed at a time, here and there; too short, too long, and nonsense.
        private static func forgeries(of tombstone: String) -> [String] {
            let changed = stride(from: 4, to: tombstone.utf8.count, by: 7).map { place in
                var bytes = Array(tombstone.utf8)
                bytes[place] = bytes[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : 65
                return String(decoding: bytes, as: UTF8.self)
            }
            let long = "~s1." + String(repeating: "A", count: 900)
            return changed + [
                "~s1.", "~s1.AAAA", "~s1.=", "~s1. \u{e9}", String(tombstone.dropLast()),
                tombstone + "A", tombstone + "AAAA", "7, ~s1.AAAA", long,
            ]
        }

        @Test func `on other requests it is taken away as well`() async throws {
            let stage = try await Stage(.withIDs)
            let (victim, winner) = try await stage.evicted("alice")
            let tombstone = try await victim.tombstone()
            let target = "/hello?access_token=\(Tokens.jwt(sub: "alice"))"
            let other = stage.sluice.client()

            for (number, method) in ["GET", "HEAD", "POST"].enumerated() {
                other.request(
                    method, target, fields: [("last-event-id", tombstone)],
                    body: method == "POST" ? [1] : nil)
                #expect(try await other.whole(number).status == 200)
                #expect(stage.lastEventIDAtGateway == ["1"])
            }
            // Whoever does not say that it wants a stream is told when it turns out to be one.
            other.request(
                "GET", "/events?access_token=\(Tokens.jwt(sub: "alice"))",
                fields: [("last-event-id", tombstone)])
            #expect(try await other.whole(3).status == 409)

            #expect(winner.isOpen)
            stage.expectNoTombstoneAtGateway()
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") == 1)
        }

        /// Where it may stand for a client, and what comes of it.
        enum Place: CaseIterable {
            case field, joinedFields, query, escapedQuery
        }

        @Test("it is read wherever clients put it", arguments: Place.allCases)
        func found(in place: Place) async throws {
            let stage = try await Stage(.withIDs)
            let (victim, winner) = try await stage.evicted("alice")
            let tombstone = try await victim.tombstone()
            var target = "/events?access_token=\(Tokens.jwt(sub: "alice"))"
            var fields = Looks.native
            switch place {
            case .field: fields.append(("last-event-id", tombstone))
            case .joinedFields: fields.append(("last-event-id", tombstone + ", " + tombstone))
            case .query: target += "&lastEventId=\(tombstone)"
            case .escapedQuery:
                target += "&last-event-id=%7Es1%2E\(tombstone.dropFirst(4))"
            }

            let tab = stage.sluice.client()
            tab.request("GET", target, fields: fields)
            #expect(try await tab.whole().lastWords?.data.contains("standby") == true)
            try await stage.leave(winner, of: "alice")
            tab.request("GET", target, fields: fields)
            let first = try await tab.event { $0.name == "sluice-resumed" }

            #expect(first.id == "1")
            let seen = try #require(stage.gateway.gateway.requests.last)
            let ids = seen.all("last-event-id")
            let isInQuery = place == .query || place == .escapedQuery
            #expect(ids == (isInQuery ? [] : ["1"]))
            #expect(seen.target.contains("&last") == isInQuery)
            #expect(!isInQuery || seen.target.hasSuffix("=1"))
            stage.expectNoTombstoneAtGateway()
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") == 1)
        }

        @Test(
            "a key in a file keeps tombstones over a restart, a key of the moment does not",
            arguments: [true, false])
        func restart(hasFile: Bool) async throws {
            let folder = try TemporaryFolder()
            let key = String(repeating: "tombstones ", count: 4)
            let file = try folder.write(key, to: "tombstone.key")
            let options = SluiceOptions {
                if hasFile { $0.set("streams", "tombstone_key_file: \(file)") }
            }
            let before = try await Stage(.withIDs, options)
            let (victim, _) = try await before.evicted("alice")
            let tombstone = try await victim.tombstone()
            try await before.expectSoundEnd()

            let sluice = try await SluiceProcess(
                gateway: before.gateway.address, options: options)
            let winner = try await sluice.ask("alice")
            let tab = try await sluice.ask("alice", lastEventID: tombstone)

            if hasFile {
                #expect(try await tab.whole().lastWords?.data.contains("standby") == true)
                #expect(winner.isOpen)
                winner.leave(.close)
                try await sluice.log("stream_closed")
                tab.askForStream("alice", lastEventID: tombstone)
                _ = try await tab.event { $0.name == "sluice-resumed" && $0.id == "1" }
                #expect(before.lastEventIDAtGateway == ["1"])
            } else {
                #expect(try await winner.end() == .closeNotify)
                #expect(before.lastEventIDAtGateway == [])
            }
            before.expectNoTombstoneAtGateway()
            try await sluice.expectSoundEnd()
        }
    }
}
