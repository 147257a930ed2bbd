import Foundation
import Reactor
import TLS
import TestSupport
import Testing

extension Scenarios {
    @Suite("Connections to the gateway that are used again")
    struct PoolTests {
        @Test func `U08: bytes behind a response that fills one read reach nobody`() async throws {
            let stage = try await Stage { $0.workers = 1 }
            let first = stage.sluice.client()
            first.request("GET", "/misbehave/full-read")
            let full = try await first.whole()
            #expect(full.text == String(repeating: "a", count: 16_310))

            let second = stage.sluice.client()
            second.request("GET", "/hello")

            #expect(try await second.whole().text == #"{"hello":"world"}"#)
            first.request("GET", "/hello")
            #expect(try await first.whole(1).text == #"{"hello":"world"}"#)
            #expect(second.now.responses.count == 1)
            // The poisoned connection carried one request and no other.
            let requests = stage.gateway.gateway.requests
            #expect(requests.map(\.target) == ["/misbehave/full-read", "/hello", "/hello"])
            #expect(requests.dropFirst().allSatisfy { $0.connection != requests[0].connection })
            try await stage.sluice.log("request", count: 3)
            #expect(stage.sluice.lines("request").allSatisfy { $0["status"] == "200" })
            try await stage.expectSoundEnd()
        }

        @Test func `U08: a record of TLS behind a response reaches nobody`() async throws {
            let folder = try TemporaryFolder()
            try SelfSignedAuthority.write(to: folder.path, names: ["127.0.0.1"])
            let context = try TLSServerContext(
                TLSServerSettings(
                    certificates: [
                        .init(chain: folder.path + "/chain.pem", key: folder.path + "/key.pem")
                    ],
                    minVersion: .tls12, applicationProtocols: []))
            let gateway = try RawGateway { peer in
                guard let secure = try? peer.secure(context) else { return }
                while let head = secure.readHead() {
                    peer.note(head)
                    if head.contains(" /first ") {
                        // Both are read from the socket at once, and the second waits in OpenSSL.
                        secure.send(
                            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst",
                            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
                    } else {
                        secure.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                    }
                }
            }
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.workers = 1
                    $0.gateways = ["https://\(gateway.address.text)"]
                    $0.set("gateway", "tls: { authorities: \(folder.path)/ca.pem }")
                })
            let first = sluice.client()
            first.request("GET", "/first")
            #expect(try await first.whole().text == "first")

            let second = sluice.client()
            for number in 0..<3 {
                second.request("GET", "/second/\(number)")
                #expect(try await second.whole(number).text == "ok")
            }

            // The one that said too much carried nothing more; the other is used again.
            #expect(gateway.peers.count == 2)
            #expect(gateway.heads.count == 4)
            try await sluice.expectSoundEnd()
            #expect(sluice.count("error") == 0)
        }

        @Test func `a connection that is found at the second attempt is used again`() async throws {
            let dead = try freePort()
            let gateway = try RawGateway { peer in
                while peer.readHead() != nil {
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                }
            }
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.workers = 1
                    $0.gateways = ["http://127.0.0.1:\(dead)", "http://\(gateway.address.text)"]
                    $0.set("gateway", "health: { failures_max: 1, retry_after: 1h }")
                })
            let client = sluice.client()

            for number in 0..<3 {
                client.request("GET", "/\(number)")
                #expect(try await client.whole(number).text == "ok")
            }

            #expect(gateway.heads.count == 3)
            #expect(gateway.peers.count == 1)
            try await sluice.expectSoundEnd()
        }

        @Test(
            "U13: a gateway that wants no second request on its connection gets none",
            arguments: ["HTTP/1.1 200 OK\r\nconnection: close\r\n", "HTTP/1.0 200 OK\r\n"])
        func notReused(head: String) async throws {
            let gateway = try RawGateway { peer in
                while peer.readHead() != nil { peer.send(head + "content-length: 2\r\n\r\nok") }
            }
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: SluiceOptions { $0.workers = 1 })
            let client = sluice.client()

            for number in 0..<3 {
                client.request("GET", "/\(number)")
                #expect(try await client.whole(number).text == "ok")
            }

            // It would have answered on the first one, too.
            #expect(gateway.peers.count == 3)
            #expect(gateway.heads.count == 3)
            #expect(client.isOpen)
            #expect(client.now.responses.allSatisfy { $0.all("connection") == [] })
            try await sluice.expectSoundEnd()
            #expect(sluice.count("error") == 0)
        }

        @Test("U13: a stream without a length ends with its connection", arguments: [1, 2])
        func streamUntilClose(version: Int) async throws {
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send(
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n"
                        + "data: 1\n\n")
                peer.close()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            if version == 1 {
                let client = sluice.stream("alice")
                let answer = try await client.whole()
                #expect(answer.events.map(\.data) == ["1"])
            } else {
                let stream = try await sluice.h2().stream("alice")
                #expect(try await stream.whole().events.map(\.data) == ["1"])
            }
            let line = try await sluice.log("stream_closed")
            #expect(line["reason"] == "gateway_closed")
            try await sluice.expectSoundEnd()
        }

        @Test func `U08: unasked bytes that come together with a request reach nobody`()
            async throws
        {
            let gateway = try RawGateway { peer in
                while peer.readHead() != nil {
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                }
            }
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: SluiceOptions { $0.workers = 1 })
            let first = sluice.client()
            first.request("GET", "/first")
            #expect(try await first.whole().text == "ok")
            let second = sluice.client()
            #expect(try await second.handshake() == .done)

            // Both wait for Sluice when it wakes, the request first.
            try await sluice.child.freeze()
            second.request("GET", "/second")
            // Nothing tells that bytes have arrived at somebody who sleeps.
            try await Task.sleep(for: .milliseconds(300))
            gateway.peers[0].send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
            try await Task.sleep(for: .milliseconds(300))
            sluice.signal(SIGCONT)

            #expect(try await second.whole().text == "ok")
            second.request("GET", "/third")
            #expect(try await second.whole(1).text == "ok")
            #expect(gateway.peers.count == 2)
            let targets = gateway.heads.map { $0.split(separator: " ")[1] }
            #expect(targets == ["/first", "/second", "/third"])
            try await sluice.log("request", count: 3)
            #expect(sluice.lines("request").allSatisfy { $0["status"] == "200" })
            try await sluice.expectSoundEnd()
        }

        @Test(
            "U08: a gateway that answers before it is asked is heard at once",
            arguments: ["closes", "stays"])
        func answersEarly(manner: String) async throws {
            let gateway = try RawGateway { peer in
                peer.send("HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy")
                if manner == "stays" { peer.readHead() } else { peer.close() }
            }
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions { $0.set("gateway", "response_timeout: 10m") })
            let clients = (0..<100).map { sluice.client(name: "client \($0)") }
            for client in clients { #expect(try await client.handshake() == .done) }

            // All at once, so that connecting and the answer come with one event.
            try await sluice.child.freeze()
            for (number, client) in clients.enumerated() {
                client.request("GET", "/\(number)", fields: [("accept", "text/event-stream")])
            }
            try await Task.sleep(for: .milliseconds(200))
            sluice.signal(SIGCONT)

            for client in clients {
                let status = try await client.whole().status
                // Closing on a request that nobody reads is a reset, which may overtake the answer.
                #expect(status == 503 || status == 502 && manner == "closes")
            }
            #expect(gateway.peers.count >= clients.count)
            _ = try await sluice.child.bulletin.first("a line for each") { () -> Bool? in
                let answered = sluice.lines("request") { $0["status"] == "503" }
                let failed = sluice.lines("error") { $0["fault"] == "gateway" }
                return answered.count + failed.count == clients.count ? true : nil
            }
            try await sluice.expectSoundEnd()
        }

        @Test func `a reload of the gateway's address moves every request that comes after it`()
            async throws
        {
            let (old, new) = (try TestGateway(), try TestGateway())
            let sluice = try await SluiceProcess(gateway: old.address)
            let clients = (0..<4).map { _ in sluice.client() }
            for client in clients {
                client.request("GET", "/hello")
                #expect(try await client.whole().status == 200)
            }
            #expect(old.gateway.requestCount == clients.count)

            let settings = try sluice.folder.read("sluice.yaml")
                .replacingOccurrences(of: old.address.text, with: new.address.text)
            try sluice.folder.write(settings, to: "sluice.yaml")
            let line = try await sluice.reload()
            #expect(line.event == "reload")
            #expect(line.list("changed").contains("settings"))
            #expect(line.list("restart_needed").isEmpty)

            for round in 1...5 {
                for client in clients {
                    client.request("GET", "/hello")
                    #expect(try await client.whole(round).status == 200)
                }
            }
            #expect(old.gateway.requestCount == clients.count)
            #expect(new.gateway.requestCount == 5 * clients.count)
            // Nothing holds on to the old one.
            try await old.until("no connection") { $0.openConnections == 0 }
            try await sluice.expectSoundEnd()
        }
    }
}
