import EventStream
import Testing

@Suite("Heartbeats")
struct HeartbeatTests {
    private static let reference = HeartbeatPattern(
        event: "Generic", dataContains: #""type":"heartbeat""#)

    @Test(
        "An event is a heartbeat when name and data fit, in either order",
        arguments: [
            (#"data: {"type":"heartbeat","n":1}"# + "\nevent: Generic\n\n", 1),
            ("event: Generic\n" + #"data: {"type":"heartbeat"}"# + "\n\n", 1),
            ("event: Generic\ndata: {\n" + #"data: "type":"heartbeat"}"# + "\n\n", 1),
            (#"data: {"type":"new_message"}"# + "\nevent: Generic\n\n", 0),
            (#"data: {"type":"heartbeat"}"# + "\nevent: Other\n\n", 0),
            (#"data: {"type":"heartbeat"}"# + "\n\n", 0),
            ("event: Generic\ndata: \"type\":\ndata: \"heartbeat\"\n\n", 0),
            ("event: Generic\n: \"type\":\"heartbeat\"\ndata\n\n", 0),
            ("event: Generic\nid: \"type\":\"heartbeat\"\ndata\n\n", 0),
            ("event: Genericx\ndata: \"type\":\"heartbeat\"\n\n", 0),
            ("event: Gener\ndata: \"type\":\"heartbeat\"\n\n", 0),
            ("event: Generic\nevent: x\ndata: \"type\":\"heartbeat\"\n\n", 0),
            ("event: x\nevent: Generic\ndata: \"type\":\"heartbeat\"\n\n", 1),
            ("event: Generic\ndata: \"type\"\"type\":\"heartbeat\"\n\n", 1),
            ("event: Generic\n\ndata: \"type\":\"heartbeat\"\n\n", 0),
        ])
    func matching(text: String, heartbeats: Int) {
        let bytes = Array(text.utf8)

        #expect(summary(of: bytes, heartbeats: [Self.reference]).heartbeats == heartbeats)
        for cut in bytes.indices {
            let split = summary(of: bytes, cutAt: [cut], heartbeats: [Self.reference])
            #expect(split.heartbeats == heartbeats)
        }
    }

    @Test(
        "A condition left out fits every event that is dispatched",
        arguments: [
            (HeartbeatPattern(event: "ping", dataContains: nil), 1),
            (HeartbeatPattern(event: nil, dataContains: "beat"), 2),
            (HeartbeatPattern(event: nil, dataContains: nil), 4),
            (HeartbeatPattern(event: nil, dataContains: ""), 4),
            (HeartbeatPattern(event: "message", dataContains: nil), 2),
            (HeartbeatPattern(event: "message", dataContains: "beat"), 1),
        ])
    func partial(pattern: HeartbeatPattern, heartbeats: Int) {
        let text = """
            event: ping
            data: 1

            data: beat

            event: message
            data: x

            event: other
            data: a beat

            event: ping


            """

        #expect(summary(of: Array(text.utf8), heartbeats: [pattern]).heartbeats == heartbeats)
    }

    @Test func `sixteen patterns work side by side, and more are left out`() {
        let patterns = (0..<20).map { HeartbeatPattern(event: nil, dataContains: "beat\($0);") }
        let streams = (0..<20).map { Array("data: beat\($0);\n\n".utf8) }

        let heartbeats = streams.map { summary(of: $0, heartbeats: patterns).heartbeats }

        #expect(heartbeats == (0..<20).map { $0 < Heartbeats.countMax ? 1 : 0 })
    }

    @Test func `patterns beyond the limits are left out`() {
        let patterns = [
            HeartbeatPattern(event: String(repeating: "n", count: 65), dataContains: nil),
            HeartbeatPattern(event: nil, dataContains: String(repeating: "a", count: 1025)),
        ]
        let bytes = Array(
            "event: \(String(repeating: "n", count: 65))\ndata: \(String(repeating: "a", count: 2000))\n\n"
                .utf8)

        #expect(summary(of: bytes, heartbeats: patterns).heartbeats == 0)
    }

    @Test func `another policy's patterns hold from the next data on`() {
        var scanner = EventScanner(heartbeats: [])
        scanner.scan("data: beat\n\ndata: be".utf8)

        scanner.watch(for: Heartbeats([HeartbeatPattern(event: nil, dataContains: "beat")]))
        scanner.scan("at\n\ndata: beat\n\n".utf8)

        #expect(scanner.events == 3)
        #expect(scanner.heartbeats == 1)
    }
}
