import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("Bodies on HTTP/2")
    struct H2BodyTests {
        private let size = Scale.pick(small: 3_000_000, normal: 20_000_000, full: 200_000_000)

        @Test func `a large upload arrives at the gateway byte for byte`() async throws {
            let stage = try await Stage()
            let client = try await stage.sluice.h2()
            let memory = stage.sluice.child.residentKiB
            let fields = [("content-length", "\(size)")]

            for fields in [fields, []] {
                let upload = client.request("POST", "/upload", fields: fields, endStream: false)
                upload.sendPattern(size)

                let answer = try await upload.whole(within: .seconds(120))
                let sum = String(Checksum(pattern: size).value, radix: 16)
                #expect(answer.text == #"{"count":\#(size),"checksum":"\#(sum)"}"#)
            }

            let seen = stage.gateway.gateway.requests
            #expect(seen.map { $0.all("content-length") } == [["\(size)"], []])
            #expect(seen.map { $0.all("transfer-encoding") } == [[], ["chunked"]])
            #expect(stage.sluice.child.peakResidentKiB - memory < 8192)
            try await stage.expectSoundEnd()
        }

        @Test func `a large download arrives byte for byte`() async throws {
            let stage = try await Stage()
            let client = try await stage.sluice.h2()
            let memory = stage.sluice.child.residentKiB

            let download = client.request("GET", "/big?bytes=\(size)")

            let answer = try await download.whole(within: .seconds(120))
            #expect(answer.checksum == Checksum(pattern: size))
            #expect(answer.all("content-length") == ["\(size)"])
            #expect(stage.sluice.child.peakResidentKiB - memory < 8192)
            try await stage.expectSoundEnd()
        }

        @Test func `uploads and downloads share a connection`() async throws {
            let size = size / 20
            let stage = try await Stage()
            let client = try await stage.sluice.h2()
            let uploads = (0..<8).map { _ in
                client.request("POST", "/upload", endStream: false)
            }
            let downloads = (0..<8).map { _ in client.request("GET", "/big?bytes=\(size)") }
            for upload in uploads { upload.sendPattern(size) }

            let sum = String(Checksum(pattern: size).value, radix: 16)
            for upload in uploads {
                #expect(try await upload.whole(within: .seconds(60)).text.contains(sum))
            }
            for download in downloads {
                let answer = try await download.whole(within: .seconds(60))
                #expect(answer.checksum == Checksum(pattern: size))
            }
            #expect(client.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `HEAD and statuses without a body end with their heads`() async throws {
            let stage = try await Stage()
            let client = try await stage.sluice.h2()
            let requests = [
                ("HEAD", "/big?bytes=1000", 200), ("GET", "/status/204", 204),
                ("GET", "/status/304", 304), ("GET", "/status/503", 503),
            ]

            for (method, path, status) in requests {
                let exchange = client.request(method, path)
                let answer = try await exchange.whole()
                #expect(answer.status == status)
                #expect(status == 503 || exchange.now?.dataLengths.isEmpty == true)
            }

            let hops = try await client.request("GET", "/hop-by-hop").whole()
            #expect(hops.all("x-public") == ["2"])
            for name in ["connection", "keep-alive", "x-private", "transfer-encoding"] {
                #expect(hops.all(name).isEmpty)
            }
            try await stage.expectSoundEnd()
        }

        @Test func `F14: padding is counted, and given back as window`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let request = client.request("POST", "/upload", endStream: false)
            let content = [UInt8](repeating: 7, count: 100)
            let frame = H2Frame.padded(content, padding: 255, on: request.id)
            let cost = frame.payload.count
            let (rounds, perRound) = (40, 50)

            for round in 1...rounds {
                // What was taken is given back sooner or later: enough for the next round.
                try await request.until("room for round \(round)") {
                    $0.sendWindow >= (round * perRound) * cost
                }
                client.send((0..<perRound).flatMap { _ in frame.bytes() })
            }
            client.send(.data([], on: request.id, endStream: true))

            let bytes = [UInt8](repeating: 7, count: rounds * perRound * content.count)
            let sum = Checksum(bytes)
            let answer = try await request.whole()
            #expect(answer.text.contains(#""count":\#(bytes.count),"#))
            #expect(answer.text.contains(String(sum.value, radix: 16)))
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F10: windows that shrink below nothing hold a response back, no more`()
            async throws
        {
            let siege = try await H2Siege()
            let client = try await siege.hostile { $0.widensStreams = false }
            let download = client.request("GET", "/big?bytes=300000")
            try await download.until("a window full") { $0.response?.bodyCount == 65_535 }

            for _ in 0..<50 {
                client.send(
                    .settings([(.initialWindowSize, 0)]), .settings([(.initialWindowSize, 65_535)]))
            }
            client.send(.settings([(.initialWindowSize, 10_000)]))
            // It owes 55,535 bytes, and this is less.
            client.send(.windowUpdate(download.id, by: 55_000))
            try await client.settled()
            #expect(download.response?.bodyCount == 65_535)
            client.send(.windowUpdate(download.id, by: 1000))
            try await download.until("a little more") { $0.response?.bodyCount == 66_000 }
            client.send(.settings([(.initialWindowSize, 0x7fff_0000)]))

            let answer = try await download.whole()
            #expect(answer.checksum == Checksum(pattern: 300_000))
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `what a reset upload did not get through is window for the next one`()
            async throws
        {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            try await client.ready()
            // More than the window of the connection, in uploads that the gateway does not take.
            let wish = H2Header.literal(
                H2Header.request("CONNECT", "/misbehave/silent") + [(":protocol", "websocket")])
            for _ in 0..<20 {
                let socket = client.open(block: wish, endStream: false)
                socket.send([UInt8](repeating: 7, count: 60_000))
                try await client.settled()
                socket.cancel()
                try await client.settled()
            }

            let upload = client.request("POST", "/upload", endStream: false)
            upload.sendPattern(2_000_000)

            let sum = String(Checksum(pattern: 2_000_000).value, radix: 16)
            let answer = try await upload.whole()
            #expect(answer.text == #"{"count":2000000,"checksum":"\#(sum)"}"#)
            try await siege.stage.gateway.until("no other") { $0.openConnections <= 2 }
            try await siege.expectUnharmed(requests: 21)
        }

        @Test(
            "an answer without a body before the end of the request asks for no more either",
            arguments: ["204 \r\n", "401 \r\ncontent-length: 0\r\n", "304 \r\n"])
        func earlyAndEmpty(head: String) async throws {
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send("HTTP/1.1 \(head)connection: close\r\n\r\n")
                peer.readToEnd()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try await sluice.h2()

            let upload = client.request("POST", "/form", endStream: false)

            #expect(try await upload.reset() == .noError)
            let answer = try await upload.whole()
            #expect("\(answer.status)" == head.prefix(3))
            #expect(client.isOpen)
            try await sluice.log("request")
            #expect(sluice.count("error") == 0)
            try await sluice.expectSoundEnd()
        }

        @Test func `trailers of an early answer leave before the stream is reset`() async throws {
            let count = 400_000
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send(
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
                        + String(count, radix: 16) + "\r\n")
                let piece = String(repeating: "x", count: 40_000)
                for _ in 0..<count / piece.utf8.count { peer.send(piece) }
                peer.send("\r\n0\r\nx-sum: 7\r\n\r\n")
                peer.readToEnd()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try await sluice.h2 {
                $0.settings = [(.initialWindowSize, 0x7fff_ffff)]
                $0.receiveBuffer = 16_384
            }
            client.send(.windowUpdate(0, by: 0x7fff_0000))
            let upload = client.request(
                "POST", "/form", fields: [("te", "trailers")], endStream: false)
            _ = try await upload.head()
            client.pause()
            try await Task.sleep(for: .milliseconds(300))
            client.resume()

            #expect(try await upload.whole().bodyCount == count)
            #expect(upload.now?.trailers == ["x-sum": "7"])
            #expect(try await upload.reset() == .noError)
            try await sluice.expectSoundEnd()
        }

        @Test func `an answer before the end of the body is whole, and asks for no more`()
            async throws
        {
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send("HTTP/1.1 413 \r\ncontent-length: 8\r\nconnection: close\r\n\r\ntoo much")
                peer.readHead()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try await sluice.h2()

            let upload = client.request("POST", "/form", endStream: false)

            let answer = try await upload.whole()
            #expect(answer.status == 413)
            #expect(answer.text == "too much")
            #expect(try await upload.reset() == .noError)
            #expect(client.isOpen)
            let line = try await sluice.log("request")
            #expect(line.number("status") == 413)
            try await sluice.expectSoundEnd()
        }
    }
}
