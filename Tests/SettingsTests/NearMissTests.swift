import Testing

@testable import Settings

@Suite("The word that someone meant") struct NearMissTests {
    @Test(
        "P03 a typing error leads to the word",
        arguments: [
            ("max_stream", "max_streams"), ("maxStreams", "max_streams"),
            ("idle-clock", "idle_clock"),
            ("ilde_clock", "idle_clock"), ("idle", "idle_clock"), ("MODE", "mode"),
            ("mdoe", "mode"),
        ])
    func near(word: String, meant: String) {
        let words = ["max_streams", "idle_clock", "mode", "on_excess"]

        #expect(NearMiss.nearest(to: word, among: words) == meant)
    }

    @Test("another word leads nowhere", arguments: ["", "x", "colour", "quota", "on"])
    func far(word: String) {
        #expect(NearMiss.nearest(to: word, among: ["max_streams", "idle_clock", "mode"]) == nil)
    }

    @Test func `P10 an endless word costs nothing`() {
        let word = String(repeating: "a", count: 1_000_000)

        #expect(NearMiss.nearest(to: word, among: ["mode"]) == nil)
    }
}
