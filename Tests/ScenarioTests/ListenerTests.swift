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

        @Test func `a drain gives the path free at once, and the end touches no successor`()
            async throws
        {
            let place = try Place { "unix:\($0.path)/s.sock" }
            let first = try await place.startReady()
            let address = try #require(SocketAddress(unixPath: place.socketPath))
            let busy = TestClient(to: address, security: .none)
            busy.request("GET", "/misbehave/silent")
            _ = try await place.gateway.request { $0.target == "/misbehave/silent" }

            first.signal(SIGTERM)
            // Nothing announces that a file is gone.
            while first.exit == nil, FileManager.default.fileExists(atPath: place.socketPath) {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(first.exit == nil)
            let second = try await place.startReady()
            try await place.expectService()
            first.signal(SIGTERM)

            #expect(try await first.waitForExit() == .code(0))
            try await place.expectService()
            second.signal(SIGTERM)
            #expect(try await second.waitForExit() == .code(0))
            #expect(!FileManager.default.fileExists(atPath: place.socketPath))
        }

        @Test("what others have put in its place stays", arguments: ["socket", "file"])
        func replaced(kind: String) async throws {
            let place = try Place { "unix:\($0.path)/s.sock" }
            let child = try await place.startReady()
            try FileManager.default.removeItem(atPath: place.socketPath)
            let other =
                kind == "socket"
                ? try RawGateway(unixPath: place.socketPath, backlog: 4) { _ in } : nil
            if kind == "file" { try place.folder.write("precious", to: "s.sock") }
            let inode = try Self.inode(place.socketPath)

            child.signal(SIGTERM)

            #expect(try await child.waitForExit() == .code(0))
            #expect(try Self.inode(place.socketPath) == inode)
            withExtendedLifetime(other) {}
        }

        private static func inode(_ path: String) throws -> Int {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return try #require(attributes[.systemFileNumber] as? Int)
        }

        @Test func `a socket with a full backlog is somebody's`() async throws {
            let place = try Place { "unix:\($0.path)/s.sock" }
            let owner = try RawGateway(unixPath: place.socketPath, backlog: 0) { _ in }
            let full = try owner.occupy()
            let inode = try Self.inode(place.socketPath)

            let child = try place.start()

            #expect(try await child.waitForExit() == .code(71))
            #expect(child.errors.contains("somebody else does already"), "\(child.errors)")
            #expect(try Self.inode(place.socketPath) == inode)
            close(full)
        }

        @Test func `a socket of another kind is somebody's`() async throws {
            let place = try Place { "unix:\($0.path)/s.sock" }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) {
                $0.copyBytes(from: place.socketPath.utf8)
            }
            let datagrams = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            let isBound = withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(datagrams, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(isBound == 0)
            let inode = try Self.inode(place.socketPath)

            let child = try place.start()

            #expect(try await child.waitForExit() == .code(71))
            #expect(child.errors.contains("somebody else does already"), "\(child.errors)")
            #expect(try Self.inode(place.socketPath) == inode)
            close(datagrams)
        }

        @Test func `of several that start at once over a file left behind, one serves`()
            async throws
        {
            let place = try Place { "unix:\($0.path)/s.sock" }
            let dead = try await place.startReady()
            dead.signal(SIGKILL)
            _ = try await dead.waitForExit()

            for _ in 0..<Scale.pick(small: 2, normal: 5, full: 20) {
                let children = try (0..<4).map { _ in try place.start() }
                var ready: [ChildProcess] = []
                for child in children {
                    let isReady = try await child.bulletin.first("an outcome") { () -> Bool? in
                        let events = child.lines.map { LogLine($0).event }
                        return events.contains("ready") ? true : child.exit == nil ? nil : false
                    }
                    if isReady {
                        ready.append(child)
                    } else {
                        #expect(try await child.waitForExit() == .code(71))
                    }
                }
                #expect(ready.count == 1)
                try await place.expectService()
                for child in ready {
                    child.signal(SIGKILL)
                    _ = try await child.waitForExit()
                }
            }
        }

        @Test func `a start that fails leaves no socket behind`() async throws {
            let stage = try await Stage()
            let place = try Place {
                "unix:\($0.path)/s.sock\" }, { address: \"\(stage.sluice.address.text)"
            }

            let child = try place.start()

            #expect(try await child.waitForExit() == .code(71))
            #expect(!FileManager.default.fileExists(atPath: place.socketPath))
            try await stage.expectSoundEnd()
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
