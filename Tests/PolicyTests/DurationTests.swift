import Testing

@testable import Policy

@Suite("Durations in policy files")
struct DurationTests {
    @Test(
        "are digits and one unit",
        arguments: [
            ("500ms", Duration.milliseconds(500)),
            ("30s", .seconds(30)),
            ("5m", .seconds(300)),
            ("12h", .seconds(43_200)),
            ("7d", .seconds(604_800)),
            ("0s", .zero),
            ("365d", .seconds(365 * 86_400)),
        ])
    func read(text: String, duration: Duration) {
        #expect(Duration(policyText: text) == duration)
        #expect(duration.policyText == text)
    }

    @Test(
        "P04: anything else is none",
        arguments: [
            "", "s", "30", "-1s", "+1s", "1.5s", "1e3s", "1h30m", "30 s", " 30s", "30s ", "30S",
            "366d", "9223372036854775807d", "9223372036854775808ms", "010s", "00s", "٣s", "0x10s",
            "1w", "1us", "\u{0}1s",
        ])
    func refused(text: String) {
        #expect(Duration(policyText: text) == nil)
    }

    @Test(
        "are written in the longest unit that says them exactly",
        arguments: [
            (Duration.seconds(90), "90s"), (.seconds(120), "2m"), (.seconds(86_400), "1d"),
            (.milliseconds(1500), "1500ms"), (.microseconds(2), "0s"), (.seconds(-60), "-1m"),
        ])
    func written(duration: Duration, text: String) {
        #expect(duration.policyText == text)
    }

    @Test("no duration is too long to be written")
    func extremes() {
        #expect(!Duration.seconds(Int64.max).policyText.isEmpty)
        #expect(!Duration.seconds(Int64.min).policyText.isEmpty)
    }
}
