import Telemetry
import Testing

@Suite("Lines for people")
struct HumanLineTests {
    @Test func `an eviction reads like a sentence`() {
        #expect(
            line(LogEvent.Kind.evict.reference.example)
                == "12:03:11  evict    s-1  alice: newer stream s-2 took its place (cap 1)\n")
    }

    @Test(
        "every record has its line",
        arguments: [
            (
                .start,
                "start    sluice 0.1.0, OpenSSL 3.0.17 1 Jul 2025, 2 workers, 3 policies, "
                    + "gateway http://127.0.0.1:8080"
            ),
            (.ready, "ready    listening on 0.0.0.0:8443"),
            (
                .reload,
                "reload   generation 2: new policies, certificates, 48 streams are surplus, "
                    + "needs a restart: listen"
            ),
            (
                .reloadFailed,
                "reload   failed, nothing has changed: policies/default.yaml:7:5: unknown key "
                    + "\"max_stream\"; did you mean \"max_streams_per_user\"?"
            ),
            (.streamOpened, "open     s-2  alice: /events, stream 1 of 1, policy default"),
            (.streamClosed, "close    s-1  alice: evicted after 8.2 s, 12 events, 4096 bytes"),
            (.streamRefused, "refuse   alice: this user has enough streams (cap 1), 429"),
            (.evict, "evict    s-1  alice: newer stream s-2 took its place (cap 1)"),
            (.flap, "flap     alice: at rest after 3 min, 61 refusals, 12 evictions"),
            (.inject, "inject   s-1  last words: 187 bytes after 4096 of the gateway's"),
            (.request, "request  GET /api/chats: 502 after 3 ms"),
            (
                .error,
                "warning  s-2  gateway: gateway_closed: the connection was reset in the middle "
                    + "of a chunk"
            ),
            (.logDropped, "dropped  17 lines of this log were lost"),
            (.drain, "drain    closing 212 streams"),
            (.stop, "stop     everything has ended, 212 streams closed"),
        ] as [(LogEvent.Kind, String)])
    func everyRecord(kind: LogEvent.Kind, text: String) {
        #expect(line(kind.reference.example) == "12:03:11  \(text)\n")
    }

    @Test func `colours come only when asked for, and around the verb only`() {
        let event = LogEvent.Kind.evict.reference.example

        #expect(!line(event).contains("\u{1B}"))
        #expect(
            line(event, usesColours: true)
                == "12:03:11  \u{1B}[33mevict    \u{1B}[0ms-1  alice: "
                + "newer stream s-2 took its place (cap 1)\n")
    }

    @Test(
        "R16: what comes from outside stays on its line and cannot steer the terminal",
        arguments: ["\n", "\r", "\u{1B}[2J", "\u{9B}2J", "\u{7}", "\u{2028}", "\u{202E}"])
    func hostile(text: String) {
        for event in records(filledWith: text) {
            let scalars = line(event).unicodeScalars
            #expect(scalars.last == "\n")
            #expect(
                scalars.dropLast().allSatisfy { scalar in
                    scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
                        && !(0x2028...0x202E).contains(scalar.value)
                })
        }
    }

    @Test func `a line of endless texts ends`() {
        for event in records(filledWith: String(repeating: "x", count: 100_000)) {
            #expect(line(event).utf8.count < JSONLine.lineBytesMax)
        }
    }

    private func line(_ event: LogEvent, usesColours: Bool = false) -> String {
        var bytes: [UInt8] = []
        HumanLine(usesColours: usesColours).write(event, to: &bytes, at: LogEvent.exampleTime)
        return String(decoding: bytes, as: UTF8.self)
    }
}
