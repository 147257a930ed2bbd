import DemoGateway
import Glibc
import TestSupport
import Testing

extension Scenarios {
    @Suite("Reloads under live streams")
    struct ReloadTests {
        @Test(
            "G01: a storm of SIGHUP drops no stream and fails no connect",
            arguments: ["identical files", "ever changing files"])
        func storm(kind: String) async throws {
            let users = Scale.pick(small: 50, normal: 500, full: 500)
            let signals = Scale.pick(small: 100, normal: 1000, full: 1000)
            let stage = try await Stage()
            var clients = (0..<users).map { stage.sluice.stream("user-\($0)") }
            for client in clients { _ = try await client.head() }

            for number in 1...signals {
                if kind == "ever changing files", number % 5 == 0 {
                    let text = SluiceOptions.cap(number % 10 + 1)
                    try stage.sluice.folder.write(text, to: "policies/default.yaml")
                }
                stage.sluice.signal(SIGHUP)
                guard number % 10 == 0 else { continue }
                clients.append(try await stage.sluice.openStream("late-\(number)"))
            }
            let last = try await stage.sluice.reload(["default.yaml": SluiceOptions.cap(7)])

            #expect(last["event"] == "reload")
            // P07: files that change under the reader are left for the next signal.
            let failures = stage.sluice.lines("reload_failed").flatMap { $0.list("problems") }
            #expect(failures.allSatisfy { $0.contains("changed while") }, "\(failures)")
            #expect(stage.sluice.count("stream_closed") == 0)
            stage.gateway.gateway.publish(to: nil, event: "Generic", data: "after the storm")
            for client in clients { _ = try await client.event { $0.data == "after the storm" } }
            try await stage.gateway.streams(clients.count)
            try await stage.expectSoundEnd()
        }

        @Test func `S13: a lowered cap lets the oldest of each user leave, in order`() async throws
        {
            let users = (1...Scale.pick(small: 3, normal: 10, full: 50)).map { "user-\($0)" }
            let stage = try await Stage(.quiet) {
                $0.policies = ["default.yaml": SluiceOptions.cap(5)]
            }
            var clients: [String: [TestClient]] = [:]
            for user in users {
                for _ in 0..<5 {
                    clients[user, default: []].append(try await stage.sluice.openStream(user))
                }
            }
            let modest = try await stage.sluice.openStream("modest")

            let reload = try await stage.sluice.reload(["default.yaml": SluiceOptions.cap(2)])
            #expect(reload.number("surplus") == users.count * 3)
            for user in users {
                for client in clients[user]?.prefix(3) ?? [] {
                    #expect(try await client.end() == .closeNotify)
                    #expect(client.response?.lastWords != nil)
                }
            }

            for user in users {
                let left = clients[user]?.suffix(2) ?? []
                let ids = left.compactMap { $0.response?.gatewayStream }
                #expect(left.allSatisfy { $0.isOpen })
                #expect(stage.gateway.gateway.openStreamIDs(of: user) == ids)
            }
            #expect(modest.isOpen)
            try await stage.expectSoundEnd()
            for user in users { expectOldestFirst(stage.sluice, user: user) }
            #expect(stage.sluice.count("evict") == users.count * 3)
        }

        private func expectOldestFirst(_ sluice: SluiceProcess, user: String) {
            let opened = sluice.lines("stream_opened") { $0["user"] == user }
            let evicted = sluice.lines("evict") { $0["user"] == user }
            #expect(evicted.map { $0["stream"] } == opened.prefix(3).map { $0["stream"] })
            #expect(evicted.allSatisfy { $0["cause"] == "reload" })
        }

        @Test func `S13: a cap that is raised again saves whoever is still there`() async throws {
            let slowly = "version: 1\nglobal: { reload_closes_per_second: 1 }\n"
            func policy(_ cap: Int) -> String {
                slowly + "policies: [ { name: default, max_streams_per_user: \(cap) } ]\n"
            }
            var profile = DemoGatewayProfile.quiet
            profile.heartbeatInterval = .milliseconds(500)
            let stage = try await Stage(profile) { $0.policies = ["default.yaml": policy(20)] }
            var clients: [TestClient] = []
            for _ in 0..<20 { clients.append(try await stage.sluice.openStream("alice")) }

            _ = try await stage.sluice.reload(["default.yaml": policy(1)])
            _ = try await stage.sluice.log("evict")
            _ = try await stage.sluice.reload(["default.yaml": policy(20)])
            let evicted = stage.sluice.count("evict")
            let newest = try #require(clients.last)
            let beats = newest.response?.eventCount ?? 0
            // Long enough for two more at that pace.
            try await newest.until("five more heartbeats") {
                ($0.responses.last?.eventCount ?? 0) >= beats + 5
            }

            #expect(stage.sluice.count("evict") == evicted)
            #expect(evicted < 5)
            #expect(stage.gateway.gateway.streamCount == 20 - evicted)
            try await stage.expectSoundEnd()
        }

        @Test(
            "P01 P03: an invalid policy changes nothing and says where it is wrong",
            arguments: [
                ("version: 1\npolicies:\n  - name: a\n    max_stream: 3\n", "default.yaml:4:5"),
                ("version: 1\npolicies:\n  - name: \"a\n", "default.yaml:3"),
                ("version: 1\npolicies:\n\t- name: a\n", "default.yaml:3"),
            ])
        func invalid(text: String, place: String) async throws {
            let stage = try await Stage()
            let first = try await stage.sluice.openStream("alice")

            let line = try await stage.sluice.reload(["default.yaml": text])

            #expect(line.event == "reload_failed")
            #expect(line["level"] == "error")
            #expect(line.list("problems").first?.contains(place) == true, "\(line)")
            #expect(first.isOpen)
            // The old rules are still in force.
            let second = try await stage.sluice.openStream("alice")
            #expect(try await first.end() == .closeNotify)
            #expect(second.isOpen)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.lines("stream_opened").last?["generation"] == "1")
        }

        @Test func `P15: identical files are told as unchanged`() async throws {
            let stage = try await Stage()
            let live = try await stage.sluice.openStream("alice")

            let line = try await stage.sluice.reload()

            #expect(line.event == "reload")
            #expect(line.isTrue("unchanged"))
            #expect(line["generation"] == "1")
            #expect(live.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `S14: a live stream moves to the policy that matches it now`() async throws {
            let stage = try await Stage(.quiet) {
                $0.policies = ["default.yaml": SluiceOptions.cap(5)]
            }
            var free: [TestClient] = []
            var paying: [TestClient] = []
            for _ in 0..<3 {
                free.append(try await stage.sluice.openStream("free", plan: "basic"))
                paying.append(try await stage.sluice.openStream("paying", plan: "premium"))
            }

            let text = """
                version: 1
                policies:
                  - name: premium
                    match: { claims: { plan: premium } }
                    max_streams_per_user: 5
                  - name: default
                    max_streams_per_user: 1
                """
            _ = try await stage.sluice.reload(["default.yaml": text])

            for client in free.prefix(2) { #expect(try await client.end() == .closeNotify) }
            #expect(free.last?.isOpen == true)
            #expect(paying.allSatisfy { $0.isOpen })
            try await stage.gateway.streams(4)
            try await stage.expectSoundEnd()
            let closed = stage.sluice.lines("stream_closed") { $0["user"] == "paying" }
            #expect(closed.allSatisfy { $0["policy"] == "premium" && $0["generation"] == "2" })
        }
    }
}
