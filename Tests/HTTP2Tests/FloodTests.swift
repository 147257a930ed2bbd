import HTTP2
import HTTPModel
import Testing

@Suite("HTTP/2: what costs much and moves nothing on")
struct FloodTests {
    /// Sends `frames` until the session has had enough, and says how many were taken.
    private func flood(
        _ peer: Peer, atMost count: Int, _ frame: (UInt32) -> [UInt8]
    ) -> Int {
        for number in 0..<count {
            if peer.failure != nil { return number }
            peer.send(frame(UInt32(number)))
        }
        return count
    }

    @Test func `F02: a client that opens and resets is stopped at its limit`() throws {
        let peer = try Peer(limits: Peer.limits(resets: 200))

        let taken = flood(peer, atMost: 10_000) {
            Frames.get($0 * 2 + 1) + Frames.reset($0 * 2 + 1)
        }

        #expect(taken == 201)
        #expect(peer.failure == .resetFlood)
        #expect(peer.goAwayCode == ErrorCode.enhanceYourCalm.rawValue)
        #expect(peer.heads.count <= 201)
        let closed = peer.events.filter { if case .closed = $0 { true } else { false } }
        #expect(closed.count >= 200)
    }

    @Test(
        "F03: resets that the client provokes count as its own",
        arguments: ["zero increment", "overflow", "data after the end", "priority of itself"])
    func provoked(kind: String) throws {
        let peer = try Peer(limits: Peer.limits(resets: 50))

        let taken = flood(peer, atMost: 1000) { number in
            let stream = number * 2 + 1
            let open = Frames.get(stream, end: kind == "data after the end")
            return open
                + {
                    switch kind {
                    case "zero increment": Frames.windowUpdate(stream, 0)
                    case "overflow": Frames.windowUpdate(stream, 0x7FFF_FFFF)
                    case "data after the end": Frames.data(stream, [1])
                    default: Frames.frame(2, 0, stream, Frames.big(stream) + [1])
                    }
                }()
        }

        #expect(taken < 1000)
        #expect(peer.failure != nil)
        #expect(peer.goAwayCode.map { $0 != 0 } == true)
    }

    @Test func `F03: resets of our own making end nobody's connection`() throws {
        let peer = try Peer(limits: Peer.limits(resets: 50))
        for number in 0..<200 {
            let stream = Int32(number * 2 + 1)
            peer.send(Frames.get(UInt32(stream)))
            peer.act { $0.reset(stream, .internalError) }
        }

        #expect(peer.failure == nil)
        #expect(peer.heads.count == 200)
    }

    @Test func `F04: CONTINUATION frames without end are cut off`() throws {
        let peer = try Peer()
        peer.send(Frames.headers(1, Frames.request(), complete: false))

        let taken = flood(peer, atMost: 100) { _ in Frames.frame(9, 0, 1, []) }

        #expect(taken == 6)
        #expect(peer.failure == .controlFlood)
        #expect(peer.goAwayCode == ErrorCode.enhanceYourCalm.rawValue)
        #expect(peer.heads.isEmpty)
    }

    @Test("F04: reads cut CONTINUATION frames, and their number stays", arguments: [1, 2, 5, .max])
    func continuations(size: Int) throws {
        let block = Frames.block(Frames.request())
        let parts = (0..<5).map { number in
            Array(block[(number * 4)..<(number == 4 ? block.count : number * 4 + 4)])
        }
        let peer = try Peer()

        peer.send(Frames.frame(1, Frames.endStream, 1, []), inPiecesOf: size)
        for (number, part) in parts.enumerated() {
            peer.send(
                Frames.frame(9, number == 4 ? Frames.endHeaders : 0, 1, part), inPiecesOf: size)
        }

        #expect(peer.heads.map(\.target.text) == ["/"])
        #expect(peer.failure == nil)
    }

    @Test(
        "F08 F09 F13 F14 F16: frames that move nothing on are counted",
        arguments: [
            ("ping", Frames.ping()), ("settings", Frames.settings()),
            ("window", Frames.windowUpdate(0, 1)), ("unknown", Frames.frame(0x42, 0, 0, [])),
            ("priority", Frames.frame(2, 0, 1, Frames.big(3) + [1])),
            ("priority update", Frames.frame(0x10, 0, 0, Frames.big(1) + Array("u=1".utf8))),
            ("empty data", Frames.data(1, [])),
            ("one byte", Frames.data(1, [1])),
            ("one byte and padding", Frames.frame(0, Frames.padded, 1, [255, 1] + padding)),
            ("padding alone", Frames.frame(0, Frames.padded, 1, [255] + padding)),
        ])
    func control(name: String, frame: [UInt8]) throws {
        let peer = try Peer(limits: Peer.limits(controlFrames: 500))
        peer.send(Frames.get(1, end: false))

        let taken = flood(peer, atMost: 5000) { _ in frame }

        #expect((400...600).contains(taken), "\(name): \(taken)")
        #expect(peer.failure == .controlFlood, "\(name)")
        #expect(peer.goAwayCode == ErrorCode.enhanceYourCalm.rawValue, "\(name)")
    }

    private static let padding = [UInt8](repeating: 0, count: 255)

    @Test func `F14: padding is told from what it fills up, however the frames are cut`() throws {
        let peer = try Peer(limits: Peer.limits(controlFrames: 100))
        peer.send(Frames.headers(1, Frames.request("POST"), end: false))
        let worth = [UInt8](repeating: 1, count: 64)
        let frame = Frames.frame(0, Frames.padded, 1, [255] + worth + Self.padding)

        for _ in 0..<200 { for byte in frame { peer.send([byte]) } }
        #expect(peer.failure == nil)

        let less = Frames.frame(0, Frames.padded, 1, [255] + worth.dropLast() + Self.padding)
        for _ in 0..<200 where peer.failure == nil { for byte in less { peer.send([byte]) } }
        #expect(peer.failure == .controlFlood)
    }

    @Test func `F08: acknowledgements are bounded when nobody takes them`() throws {
        let peer = try Peer(limits: Peer.limits(controlFrames: 1_000_000))
        peer.send([UInt8]((0..<2000).flatMap { _ in Frames.ping() }))

        #expect(peer.failure == .acknowledgementFlood)
    }

    @Test func `F08: more settings in a frame than anybody needs`() throws {
        let peer = try Peer()
        peer.send(Frames.settings((0..<2400).map { _ in (1, 4096) }))

        #expect(peer.failure != nil)
        #expect(peer.goAwayCode.map { $0 != 0 } == true)
    }

    // MARK: What must not be taken for an attack

    @Test func `an upload in small pieces earns its frames`() throws {
        let peer = try Peer(limits: Peer.limits(controlFrames: 500))
        peer.send(Frames.headers(1, Frames.request("POST"), end: false))

        let taken = flood(peer, atMost: 20_000) { _ in
            Frames.data(1, [UInt8](repeating: 1, count: 1024))
        }

        #expect(taken == 20_000)
        #expect(peer.failure == nil)
    }

    @Test func `a download with a window update for each frame is no flood`() throws {
        let peer = try Peer(limits: Peer.limits(controlFrames: 100))
        peer.endsBodies = false
        peer.send(Frames.get(1))
        peer.respond(1, body: [])
        peer.take()
        for _ in 0..<5000 {
            peer.bodies[1] = [UInt8](repeating: 1, count: 1000)
            peer.act { $0.bodyIsReady(1) }
            peer.send(Frames.windowUpdate(1, 1000) + Frames.windowUpdate(0, 1000))
        }

        #expect(peer.failure == nil)
        #expect(peer.frames(ofType: 0).count == 5000)
    }

    /// As Go's client does behind a buffer of 4 KiB.
    @Test func `F09: a client that gives the window back bit by bit gets all of a download`() throws
    {
        let peer = try Peer(limits: Peer.limits(controlFrames: 100))
        peer.endsBodies = false
        peer.send(Frames.get(1))
        peer.respond(1, body: [])
        peer.take()
        for _ in 0..<500 {
            peer.bodies[1] = [UInt8](repeating: 1, count: 16_384)
            peer.act { $0.bodyIsReady(1) }
            for _ in 0..<4 {
                peer.send(Frames.windowUpdate(1, 4096) + Frames.windowUpdate(0, 4096))
            }
        }

        #expect(peer.failure == nil)
        #expect(peer.frames(ofType: 0).reduce(0) { $0 + $1.payload.count } == 500 * 16_384)
    }

    @Test func `F09: what a download has earned is not forgotten while its end is read`() throws {
        let peer = try Peer(limits: Peer.limits(controlFrames: 100))
        peer.send(Frames.windowUpdate(0, 1 << 24) + Frames.settings([(4, 1 << 24)]))
        peer.endsBodies = false
        peer.send(Frames.get(1))
        peer.respond(1, body: [UInt8](repeating: 1, count: 1 << 22))
        peer.take()
        peer.now += .seconds(11)

        for _ in 0..<1024 { peer.send(Frames.windowUpdate(0, 4096)) }
        #expect(peer.failure == nil)

        peer.now += .seconds(11)
        let taken = flood(peer, atMost: 100_000) { _ in Frames.windowUpdate(0, 1) }
        #expect(taken < 20_000)
        #expect(peer.failure == .controlFlood)
    }

    @Test func `one who leaves a page now and then has a limit of its own for each time`() throws {
        let peer = try Peer(limits: Peer.limits(resets: 100))
        for number in 0..<180 {  // The library has a clock of its own, and twice our limit.
            let stream = UInt32(number * 2 + 1)
            peer.send(Frames.get(stream) + Frames.reset(stream))
            peer.now += .seconds(1)
        }

        #expect(peer.failure == nil)
    }
}
