import Ledger
import Telemetry
import TestRandom
import Testing

@Suite("What the log says of closing so that it stays closed")
struct ClosingRecordsTests {
    // MARK: Evictions

    @Test(
        "an eviction says why this stream and no other",
        arguments: [
            (.oldest, "oldest", ""),
            (.idlest, "idlest", ", the idlest goes"),
            (.heaviest, "heaviest", ", the heaviest user pays"),
            (.anonymous, "anonymous", ", streams without a token go first"),
            (.stalled, "stalled", ", this client does not read"),
            (.unacknowledged, "unacknowledged", ", this client gives no sign"),
            (.onlyHeartbeats, "only_heartbeats", ", only heartbeats came here"),
            (.surplus, "surplus", ""),
        ] as [(Choice, String, String)])
    func choice(_ choice: Choice, word: String, words: String) throws {
        let event = LogEvent.evict(
            .init(
                context(stream: "s-1"), reason: .evictedUserCap, cause: .newcomer(stream: "s-2"),
                choice: choice, isObserved: false))

        #expect(
            try LoggedLine(event).text
                == begin(.info, "evict") + #""stream":"s-1","#
                + #""user":"alice","policy":"default","generation":1,"path":"/events","#
                + #""client":"192.0.2.7:50112","count":1,"limit":1,"#
                + #""reason":"evicted_user_cap","cause":"s-2","choice":"\#(word)","#
                + #""observed":false}"# + "\n")
        #expect(
            forPerson(event)
                == "evict    s-1  alice: newer stream s-2 took its place\(words) (cap 1)")
    }

    // MARK: Flaps

    @Test func `a flap is a warning when it begins`() throws {
        let event = LogEvent.flap(
            .init(
                phase: .begin, user: "alice", policy: "default", generation: 1, evictions: 10,
                refusals: 1))

        #expect(
            try LoggedLine(event).text
                == begin(.warning, "flap") + #""phase":"begin","user":"alice","#
                + #""policy":"default","generation":1,"evictions":10,"refusals":1}"# + "\n")
        #expect(
            forPerson(event)
                == "flap     alice: newcomers keep closing other streams, now they must wait, "
                + "10 evictions")
    }

    @Test func `a flap is good news when it ends`() throws {
        let event = LogEvent.flap(
            .init(
                phase: .end(after: .seconds(90)), user: "alice", policy: nil, generation: nil,
                evictions: 12, refusals: 61))

        #expect(
            try LoggedLine(event).text
                == begin(.notice, "flap") + #""phase":"end","user":"alice","#
                + #""evictions":12,"refusals":61,"duration_ms":90000}"# + "\n")
        #expect(
            forPerson(event) == "flap     alice: at rest after 1 min, 61 refusals, 12 evictions")
    }

    // MARK: Refusals

    @Test(
        "a refusal has its reason and its status, and one within a flap is only for who debugs",
        arguments: [
            (.ledger(.userCap), 429, .info, "user_cap", "this user has enough streams (cap 1)"),
            (
                .ledger(.addressCap), 429, .info, "address_cap",
                "this address has enough streams (cap 1)"
            ),
            (.ledger(.globalCap), 503, .info, "global_cap", "there are enough streams (cap 1)"),
            (
                .ledger(.budget), 429, .debug, "eviction_budget",
                "this user has had enough evictions for now (cap 1)"
            ),
            (
                .ledger(.standby), 200, .info, "standby",
                "evicted before, and there is no room yet (cap 1)"
            ),
            (
                .ledger(.standby), 204, .info, "standby",
                "evicted before, and there is no room yet (cap 1)"
            ),
            (
                .ledger(.standby), 405, .info, "standby",
                "evicted before, and there is no room yet (cap 1)"
            ),
            (
                .ledger(.standby), 409, .info, "standby",
                "evicted before, and there is no room yet (cap 1)"
            ),
        ] as [(LogEvent.StreamRefused.Reason, UInt16, LogLevel, String, String)])
    func refusal(
        reason: LogEvent.StreamRefused.Reason, status: UInt16, level: LogLevel, word: String,
        words: String
    ) throws {
        let event = LogEvent.streamRefused(
            .init(context(stream: nil), reason: reason, verdict: .enforced(status: status)))

        #expect(
            try LoggedLine(event).text
                == begin(level, "stream_refused") + #""user":"alice","policy":"default","#
                + #""generation":1,"path":"/events","client":"192.0.2.7:50112","count":1,"#
                + #""limit":1,"reason":"\#(word)","status":\#(status),"observed":false}"# + "\n")
        #expect(forPerson(event) == "refuse   alice: \(words), \(status)")
    }

    @Test func `who was held back too long was not counted, and met no limit`() throws {
        let event = LogEvent.streamRefused(
            .init(
                context(stream: nil, count: nil, limit: nil), reason: .admission,
                verdict: .enforced(status: 503)))

        #expect(
            try LoggedLine(event).text
                == begin(.info, "stream_refused") + #""user":"alice","policy":"default","#
                + #""generation":1,"path":"/events","client":"192.0.2.7:50112","#
                + #""reason":"admission","status":503,"observed":false}"# + "\n")
        #expect(forPerson(event) == "refuse   alice: too many came at once, 503")
    }

    // MARK: Injections

    @Test(
        "an injection says what it is, where, and how long",
        arguments: [
            (.lastWords, "last_words", "last words"),
            (.retry, "retry", "when to come back"),
            (.keepAlive, "keep_alive", "a sign of life"),
            (.padding, "padding", "padding"),
            (.resumed, "resumed", "the id from before"),
        ] as [(LogEvent.Inject.Kind, String, String)])
    func injection(kind: LogEvent.Inject.Kind, word: String, words: String) throws {
        let event = LogEvent.inject(.init(stream: "s-1", kind: kind, offset: 4096, length: 187))

        #expect(
            try LoggedLine(event).text
                == begin(.debug, "inject") + #""stream":"s-1","kind":"\#(word)","#
                + #""offset":4096,"length":187}"# + "\n")
        #expect(forPerson(event) == "inject   s-1  \(words): 187 bytes after 4096 of the gateway's")
    }

    @Test func `whoever takes the injections out has the gateway's bytes`() throws {
        var random = SeededRandom.forTest()
        for _ in 0..<200 {
            var fromGateway: [UInt8] = []
            var atClient: [UInt8] = []
            var lines: [LoggedLine] = []
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                let count = Int.random(in: 1...30, using: &random)
                let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                atClient += bytes
                if Bool.random(using: &random) {
                    fromGateway += bytes
                } else {
                    let injection = LogEvent.Inject(
                        stream: "s-1", kind: .keepAlive, offset: UInt64(fromGateway.count),
                        length: count)
                    lines.append(try LoggedLine(.inject(injection)))
                }
            }

            #expect(try without(lines, in: atClient) == fromGateway)
        }
    }

    /// What the reference tells a reader to do: an injection starts at its offset, once those
    /// before it are out.
    private func without(_ injections: [LoggedLine], in body: [UInt8]) throws -> [UInt8] {
        var rest = body
        for line in injections {
            let offset = try #require(line.object["offset"] as? Int)
            let length = try #require(line.object["length"] as? Int)
            try #require(offset + length <= rest.count)
            rest.removeSubrange(offset..<offset + length)
        }
        return rest
    }

    // MARK: Limits

    @Test(
        "I5: with any word of ours, and texts far too long, a line is valid and at most 8 KiB",
        arguments: ["x", "\u{1B}", "\"", "漢"])
    func longTexts(character: String) throws {
        let text = String(repeating: character, count: 100_000)
        let long = StreamContext(
            stream: text, user: text, policy: text, generation: .max, path: text, client: text,
            protocol: .http10, requestID: text, count: .min, limit: .min)
        let refusals = LogEvent.StreamRefused.Reason.allCases.flatMap {
            [
                LogEvent.streamRefused(.init(long, reason: $0, verdict: .enforced(status: .max))),
                .streamRefused(.init(long, reason: $0, verdict: .observed)),
            ]
        }
        let evictions = Choice.allCases.flatMap { choice in
            CloseReason.allCases.map {
                LogEvent.evict(
                    .init(
                        long, reason: $0, cause: .newcomer(stream: text), choice: choice,
                        isObserved: false))
            }
        }
        let injections = LogEvent.Inject.Kind.allCases.map {
            LogEvent.inject(.init(stream: text, kind: $0, offset: .max, length: .min))
        }
        let flap = LogEvent.flap(
            .init(
                phase: .begin, user: text, policy: text, generation: .max, evictions: .min,
                refusals: .min))

        for event in refusals + evictions + injections + [flap] {
            #expect(try LoggedLine(event).bytes.count <= JSONLine.lineBytesMax)
        }
    }

    // MARK: Shorthands

    /// How a line of that level and name begins.
    private func begin(_ level: LogLevel, _ name: String) -> String {
        #"{"ts":"2026-11-24T12:03:11.042Z","level":"\#(level.rawValue)","event":"\#(name)","#
    }

    private func context(stream: String?, count: Int? = 1, limit: Int? = 1) -> StreamContext {
        StreamContext(
            stream: stream, user: "alice", policy: "default", generation: 1, path: "/events",
            client: "192.0.2.7:50112", protocol: nil, requestID: nil, count: count, limit: limit)
    }

    /// The line for people, without its time and its end.
    private func forPerson(_ event: LogEvent) -> String {
        var bytes: [UInt8] = []
        HumanLine(usesColours: false).write(event, to: &bytes, at: LogEvent.exampleTime)
        return String(decoding: bytes.dropFirst("12:03:11  ".utf8.count).dropLast(), as: UTF8.self)
    }
}
