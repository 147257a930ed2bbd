import Telemetry
import Testing

@Suite("Timestamps: RFC 3339, UTC, milliseconds")
struct TimestampTests {
    @Test(
        "a known moment has its known text",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, 999_999_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000Z"),
            (951_868_800, 1_000_000, "2000-03-01T00:00:00.001Z"),
            (1_709_164_800, 999_999, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599, 42_000_000, "2024-12-31T23:59:59.042Z"),
            (1_740_787_200, 0, "2025-03-01T00:00:00.000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799, 0, "9999-12-31T23:59:59.000Z"),
        ] as [(Int64, Int, String)])
    func known(seconds: Int64, nanoseconds: Int, text: String) throws {
        let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)

        #expect(try #require(LoggedLine(.anything, at: time).object["ts"] as? String) == text)
    }

    @Test(
        "a clock that is far off is taken for the nearest moment with a four-digit year",
        arguments: [
            (-1, 0, "1970-01-01T00:00:00.000Z"),
            (.min, .min, "1970-01-01T00:00:00.000Z"),
            (.max, .max, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, Int, String)])
    func farOff(seconds: Int64, nanoseconds: Int, text: String) throws {
        let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)

        #expect(try #require(LoggedLine(.anything, at: time).object["ts"] as? String) == text)
    }

    @Test func `the date of every day from 1970 to 2400 is the calendar's`() throws {
        var (year, month, day) = (1970, 1, 1)
        for days in 0..<157_054 {
            let time = Timestamp(seconds: Int64(days) * 86_400 + 86_399, nanoseconds: 0)
            let expected = "\(year)-\(twoDigits(month))-\(twoDigits(day))T23:59:59.000Z"
            var line: [UInt8] = []
            LogEvent.anything.write(to: &line, at: time)
            // {"ts":"2026-11-24T12:03:11.042Z"
            try #require(String(decoding: line[7..<31], as: UTF8.self) == expected)

            day += 1
            if day > length(of: month, in: year) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect((year, month, day) == (2400, 1, 1))
    }
}

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

private func length(of month: Int, in year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return switch month {
    case 2: isLeap ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}
