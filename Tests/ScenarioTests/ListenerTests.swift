import Foundation
import Reactor
import TestSupport
import Testing

extension Scenarios {
    @Suite("Listeners")
    struct ListenerTests {
        /// A Sluice on an address of the test's choice, and what it takes to start it again.
        private struct Place {
            let folder: TemporaryFolder
            let gateway: TestGateway
            let settings: String

            init(address: (TemporaryFolder) -> String) throws {
                folder = try TemporaryFolder()
                gateway = try TestGateway()
                try folder.write(SluiceOptions.cap(1), to: "policies/default.yaml")
                settings = try folder.write(
                    """
                    listen: [ { address: "\(address(folder))" } ]
                    gateway: { url: "http://\(gateway.address.text)" }
                    policies: \(folder.path)/policies
                    workers: 2
                    log: { level: debug }
                    """, to: "sluice.yaml")
            }

            var socketPath: String { folder.path + "/s.sock" }

            func start() throws -> ChildProcess {
                try ChildProcess([try SluiceProcess.binary(), "run", "--config", settings])
            }

            /// Waits until it listens; an end before that is a failure.
            func startReady() async throws -> ChildProcess {
                let child = try start()
                let isReady = try await child.bulletin.first(
                    "Sluice to be ready", clue: { child.errors }
                ) { () -> Bool? in
                    if child.lines.contains(where: { LogLine($0).event == "ready" }) { return true }
                    return child.exit == nil ? nil : false
                }
                #expect(isReady, "\(child.errors) \(child.lines)")
                return child
            }

            /// A whole exchange through the unix socket.
            func expectService(_ location: SourceLocation = #_sourceLocation) async throws {
                let address = try #require(SocketAddress(unixPath: socketPath))
                let before = gateway.gateway.requestCount
                let client = TestClient(to: address, security: .none)
                client.request("GET", "/hello")
                let answer = try await client.whole()
                #expect(answer.text == #"{"hello":"world"}"#, sourceLocation: location)
                #expect(gateway.gateway.requestCount == before + 1, sourceLocation: location)
                client.leave(.close)
            }
        }

        @Test func `a unix socket starts again after a stop, and over a file left behind`()
            async throws
        {
            let place = try Place { "unix:\($0.path)/s.sock" }

            for end in [SIGTERM, SIGKILL, SIGTERM] {
                let child = try await place.startReady()
                try await place.expectService()
                child.signal(end)
                let exit = try await child.waitForExit()
                #expect(exit == (end == SIGKILL ? .signal(SIGKILL) : .code(0)))
                let isLeft = FileManager.default.fileExists(atPath: place.socketPath)
                #expect(isLeft == (end == SIGKILL))
            }
        }

        @Test func `a file that is no socket is left alone`() async throws {
            let place = try Place { "unix:\($0.path)/s.sock" }
            try place.folder.write("precious", to: "s.sock")

            let child = try place.start()

            #expect(try await child.waitForExit() == .code(71))
            #expect(try place.folder.read("s.sock") == "precious")
            #expect(child.errors.contains("cannot listen on"), "\(child.errors)")
            #expect(!child.lines.contains { LogLine($0).event == "ready" })
            #expect(place.gateway.gateway.connectCount == 0)
        }

        @Test func `a unix socket that somebody listens on is left to them`() async throws {
            let place = try Place { "unix:\($0.path)/s.sock" }
            let first = try await place.startReady()

            let second = try place.start()

            #expect(try await second.waitForExit() == .code(71))
            #expect(second.errors.contains("cannot listen on"), "\(second.errors)")
            try await place.expectService()
            first.signal(SIGTERM)
            #expect(try await first.waitForExit() == .code(0))
        }

        @Test func `a port is not shared with another Sluice`() async throws {
            let stage = try await Stage()
            let place = try Place { _ in stage.sluice.address.text }

            let second = try place.start()

            #expect(try await second.waitForExit() == .code(71))
            #expect(second.errors.contains("cannot listen on"), "\(second.errors)")
            #expect(!second.lines.contains { LogLine($0).event == "ready" })
            for _ in 0..<20 {
                let client = stage.sluice.client()
                client.request("GET", "/hello")
                #expect(try await client.whole().status == 200)
            }
            #expect(place.gateway.gateway.connectCount == 0)
            try await stage.expectSoundEnd()
        }
    }
}
