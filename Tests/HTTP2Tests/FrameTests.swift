import HTTP2
import HTTPModel
import TestRandom
import Testing

@Suite("HTTP/2: frames, right and wrong")
struct FrameTests {
    @Test(
        "F01: what does not begin as HTTP/2 is ended",
        arguments: [
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r",
            "\0\0\0\0\0\0\0",
        ])
    func preface(text: String) throws {
        let peer = try Peer(greets: false)
        #expect(peer.awaitsPreface)

        peer.send(Array(text.utf8))

        #expect(peer.failure == .badPreface)
        #expect(peer.heads.isEmpty)
    }

    @Test func `F01: SETTINGS come first, and until then the preface is awaited`() throws {
        let peer = try Peer(greets: false)
        peer.send(Frames.preface)
        #expect(peer.awaitsPreface)

        peer.send(Frames.ping())

        #expect(peer.failure == .protocolViolation(.protocolError))
        #expect(peer.goAwayCode == ErrorCode.protocolError.rawValue)
    }

    @Test(
        "F07: broken field sections end the connection",
        arguments: [
            ("index 0", [0x80]), ("index out of range", [0xFF, 0x80, 0x01]),
            ("an integer without end", [0xFF] + [UInt8](repeating: 0xFF, count: 12)),
            ("a string cut short", [0x00, 0x05, 0x61]),
            ("padding of a code that is too long", [0x00, 0x81, 0xFF, 0x01, 0x61]),
            ("a table larger than allowed", [0x3F, 0xE1, 0xFF, 0x03]),
            ("a table size in the middle", [0x82, 0x20]),
        ] as [(String, [UInt8])])
    func hpack(name: String, block: [UInt8]) throws {
        let peer = try Peer()

        peer.send(Frames.frame(1, Frames.endStream | Frames.endHeaders, 1, block))

        #expect(peer.goAwayCode == ErrorCode.compressionError.rawValue, "\(name)")
        #expect(peer.failure == .protocolViolation(.compressionError), "\(name)")
        #expect(peer.heads.isEmpty, "\(name)")
    }

    @Test(
        "F14 F15 F16 F17: frames that break a rule of the connection",
        arguments: [
            ("F14", Frames.frame(0, Frames.padded, 1, [5, 1, 2])),
            ("F15 even id", Frames.get(2)),
            ("F16 push", Frames.frame(5, Frames.endHeaders, 1, Frames.big(2))),
            ("F17 too long", Frames.frame(0, 0, 1, [UInt8](repeating: 0, count: 16_385))),
            ("F17 short ping", Frames.frame(6, 0, 0, [1, 2, 3])),
            ("F17 short reset", Frames.frame(3, 0, 1, [1])),
            ("F17 short window", Frames.frame(8, 0, 0, [1])),
            ("F17 settings on a stream", Frames.frame(4, 0, 1, [])),
            ("F17 settings of five bytes", Frames.frame(4, 0, 0, [1, 2, 3, 4, 5])),
            ("F17 acknowledgement with a body", Frames.frame(4, 1, 0, [0, 1, 0, 0, 0, 1])),
            (
                "F17 headers shorter than their padding",
                Frames.frame(1, Frames.padded | Frames.endHeaders, 3, [200])
            ),
            (
                "F17 headers shorter than their priority",
                Frames.frame(1, Frames.priority | Frames.endHeaders, 3, [0, 0])
            ),
            ("F17 data on stream 0", Frames.data(0, [1])),
            ("F16 ping on a stream", Frames.frame(6, 0, 1, [UInt8](repeating: 0, count: 8))),
            ("F10 window beyond its limit", Frames.settings([(4, 0x8000_0000)])),
            ("F09 window of the connection overflows", Frames.windowUpdate(0, 0x7FFF_FFFF)),
            ("F09 no increment for the connection", Frames.windowUpdate(0, 0)),
            ("F09 window of an idle stream", Frames.windowUpdate(99, 1)),
            ("F16 push settings of a client", Frames.settings([(2, 2)])),
            (
                "F04 something between HEADERS and CONTINUATION",
                Frames.headers(3, Frames.request(), complete: false) + Frames.ping()
            ),
            ("F04 CONTINUATION of nothing", Frames.frame(9, Frames.endHeaders, 1, [])),
        ] as [(String, [UInt8])])
    func wrong(name: String, bytes: [UInt8]) throws {
        let peer = try Peer()
        peer.send(Frames.get(1, end: false))

        peer.send(bytes)

        #expect(peer.goAwayCode.map { $0 != 0 } == true, "\(name)")
        #expect(peer.failure != nil, "\(name)")
    }

    @Test(
        "F16: what nobody knows is passed over",
        arguments: [
            Frames.frame(0x0A, 0, 0, [0, 1, 0x61, 0x62]), Frames.frame(0x0C, 0, 0, [0, 1, 0x61]),
            Frames.frame(0xFA, 0xFF, 1, [1, 2, 3]), Frames.settings([(0x0A0A, 7), (0xFFFF, 1)]),
            Frames.frame(1, 0xD2 | Frames.endStream | Frames.endHeaders, 3, []),
        ])
    func unknown(bytes: [UInt8]) throws {
        let peer = try Peer()
        // Flags that mean nothing do no harm to the last one, which is no request otherwise.
        peer.send(bytes[3] == 1 ? Frames.get(3) : bytes)
        peer.send(Frames.get(5))

        #expect(peer.heads.last != nil)
        #expect(peer.failure == nil)
    }

    @Test func `F15: more streams than allowed are refused, and the others go on`() throws {
        let peer = try Peer(limits: Peer.limits(streams: 10))
        for number in 0..<15 { peer.send(Frames.get(UInt32(number * 2 + 1))) }

        #expect(peer.heads.count == 10)
        for number in 10..<15 {
            #expect(
                peer.resetCode(UInt32(number * 2 + 1)) == ErrorCode.refusedStream.rawValue)
        }
        #expect(peer.failure == nil)
    }

    @Test func `F15: a stream's number is not used twice, and the last one is the last`() throws {
        let peer = try Peer()
        peer.send(Frames.get(0x7FFF_FFFF))
        #expect(peer.heads.count == 1)

        peer.send(Frames.get(1))

        #expect(peer.heads.count == 1)
    }

    @Test func `F14: padding is part of the window and given back`() throws {
        let peer = try Peer()
        peer.send(Frames.headers(1, Frames.request("POST"), end: false))
        for _ in 0..<2000 {
            peer.send(
                Frames.frame(
                    0, Frames.padded, 1,
                    [255] + [UInt8](repeating: 1, count: 600) + [UInt8](repeating: 0, count: 255)))
        }

        #expect(peer.failure == nil)
        #expect(peer.events.count { if case .body = $0 { true } else { false } } == 2000)
    }

    @Test func `a response has ended when its last frame has left`() throws {
        let peer = try Peer()
        peer.send(Frames.get(1) + Frames.get(3))
        #expect(peer.ended == [])
        peer.respond(1, body: Array("one".utf8))
        peer.take()
        #expect(peer.ended == [1])
        peer.endsBodies = false
        peer.respond(3, body: Array("three".utf8))
        peer.take()
        #expect(peer.ended == [1])

        peer.endsBodies = true
        peer.act { $0.bodyIsReady(3) }
        #expect(peer.ended == [1, 3])
    }

    @Test func `F21: after the client's GOAWAY what is under way goes on`() throws {
        let peer = try Peer()
        peer.endsBodies = false
        peer.send(Frames.get(1))
        peer.respond(1, body: Array("one".utf8))
        peer.take()
        peer.send(Frames.frame(7, 0, 0, Frames.big(0) + Frames.big(0)))

        peer.bodies[1] = Array("two".utf8)
        peer.endsBodies = true
        peer.act { $0.bodyIsReady(1) }

        #expect(peer.frames(ofType: 0).map(\.payload) == [Array("one".utf8), Array("two".utf8)])
        #expect(peer.frames(ofType: 0).last?.endsStream == true)
    }

    @Test func `after our GOAWAY a new request is not heard, and the old ones finish`() throws {
        let peer = try Peer()
        peer.send(Frames.get(1))
        peer.act { $0.shutDown() }
        peer.send(Frames.get(3))

        #expect(peer.heads.count == 1)
        #expect(!peer.isFinished)
        peer.respond(1, body: Array("done".utf8))
        peer.take()
        #expect(peer.isFinished)
        #expect(peer.goAwayCode == 0)
    }

    // MARK: Windows

    @Test func `F10: a window that is made smaller goes below zero and comes back`() throws {
        let peer = try Peer()
        peer.send(Frames.get(1))
        peer.respond(1, body: [UInt8](repeating: 1, count: 100_000))
        peer.take()
        let first = peer.frames(ofType: 0).reduce(0) { $0 + $1.payload.count }
        #expect(first == 65_535)

        for size in [0, 10, 60_000, 5, 0] as [UInt32] { peer.send(Frames.settings([(4, size)])) }
        peer.send(Frames.windowUpdate(0, 100_000) + Frames.windowUpdate(1, 65_535 + 10))
        let second = peer.frames(ofType: 0).reduce(0) { $0 + $1.payload.count }
        #expect(second == 65_545)
        peer.send(Frames.settings([(4, 60_000)]))

        #expect(peer.frames(ofType: 0).reduce(0) { $0 + $1.payload.count } == 100_000)
        #expect(peer.frames(ofType: 0).last?.endsStream == true)
        #expect(peer.failure == nil)
    }

    @Test func `F23: what piled up while there was no window leaves in one frame`() throws {
        let peer = try Peer()
        peer.endsBodies = false
        peer.send(Frames.settings([(4, 0)]) + Frames.get(1))
        peer.respond(1, body: [])
        peer.take()
        for _ in 0..<50 {
            peer.bodies[1, default: []] += [UInt8](repeating: 1, count: 20)
            peer.act { $0.bodyIsReady(1) }
        }

        peer.send(Frames.windowUpdate(1, 65_535))

        #expect(peer.frames(ofType: 0).map(\.payload.count).filter { $0 > 0 } == [1000])
    }

    @Test func `F24: a head leaves with no body yet`() throws {
        let peer = try Peer()
        peer.endsBodies = false
        peer.send(Frames.get(1))
        peer.respond(1, body: [])
        peer.take()

        #expect(peer.frames(ofType: 1, on: 1).count == 1)
        #expect(peer.frames(ofType: 0).isEmpty)
    }

    @Test func `F13: a body beyond its window ends its stream or the connection`() throws {
        let peer = try Peer(limits: Peer.limits(window: 16_384))
        peer.consumes = false
        peer.send(Frames.frame(4, 1, 0, []))  // Only then our window holds.
        peer.send(Frames.headers(1, Frames.request("POST"), end: false))
        for _ in 0..<3 { peer.send(Frames.data(1, [UInt8](repeating: 1, count: 10_000))) }

        let isReset = peer.resetCode(1) == ErrorCode.flowControlError.rawValue
        #expect(isReset || peer.goAwayCode == ErrorCode.flowControlError.rawValue)
    }

    // MARK: Anything at all

    @Test func `whatever comes, nothing traps and no request is closed twice`() throws {
        var random = SeededRandom.forTest()
        let parts: [[UInt8]] = [
            Frames.get(1), Frames.get(3, end: false), Frames.get(5), Frames.data(3, [1, 2, 3]),
            Frames.data(3, [], end: true), Frames.reset(1), Frames.reset(3), Frames.ping(),
            Frames.settings([(4, 0)]), Frames.settings([(4, 70_000), (1, 0)]),
            Frames.windowUpdate(1, 100), Frames.windowUpdate(0, 1),
            Frames.frame(7, 0, 0, Frames.big(0) + Frames.big(0)),
            Frames.headers(7, Frames.request("POST", path: "/x"), complete: false),
            Frames.frame(9, Frames.endHeaders, 7, []),
        ]
        for _ in 0..<5000 {
            let peer = try Peer()
            peer.answer = { peer, stream in peer.respond(stream, body: [1, 2, 3]) }
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                var bytes = parts.randomElement(using: &random) ?? []
                if Bool.random(using: &random), !bytes.isEmpty {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                        UInt8.random(in: 0...255, using: &random)
                }
                peer.send(bytes, inPiecesOf: Int.random(in: 1...20, using: &random))
            }
            let arrived = peer.events.compactMap {
                if case .request(let stream, _, _) = $0 { stream } else { nil }
            }
            let refused = peer.events.compactMap {
                if case .refused(let stream, _) = $0 { stream } else { nil }
            }
            let closed = peer.events.compactMap {
                if case .closed(let stream, _) = $0 { stream } else { nil }
            }
            #expect(Set(closed).count == closed.count)
            #expect(Set(arrived).count == arrived.count)
            #expect(Set(closed).isSubset(of: Set(arrived).union(refused)))
        }
    }
}
