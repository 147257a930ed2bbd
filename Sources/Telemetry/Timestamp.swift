/// A moment of the wall clock, in UTC. Whoever reads the clock makes one; nothing here does.
///
/// Invariant: between 1970 and the end of 9999, so that it always has a four-digit year.
package struct Timestamp: Equatable, Sendable {
    /// Since the beginning of 1970, without leap seconds.
    private let seconds: Int
    private let milliseconds: Int

    private static let lastSecond: Int64 = 253_402_300_799
    private static let secondsPerDay = 86_400

    /// A clock that is set outside of 1970 to 9999 is taken for the nearest moment within.
    package init(seconds: Int64, nanoseconds: Int) {
        self.seconds = Int(min(max(seconds, 0), Self.lastSecond))
        milliseconds = min(max(nanoseconds, 0), 999_999_999) / 1_000_000
    }
}

extension [UInt8] {
    /// Appends `time` as RFC 3339 has it: `2026-11-24T12:03:11.042Z`.
    mutating func append(dateOf time: Timestamp) {
        let (year, month, day) = time.date
        append(year, digits: 4)
        append(UInt8(ascii: "-"))
        append(month, digits: 2)
        append(UInt8(ascii: "-"))
        append(day, digits: 2)
        append(UInt8(ascii: "T"))
        append(clockOf: time)
        append(UInt8(ascii: "."))
        append(time.millisecondOfSecond, digits: 3)
        append(UInt8(ascii: "Z"))
    }

    /// Appends the time of day: `12:03:11`.
    mutating func append(clockOf time: Timestamp) {
        let (hour, minute, second) = time.clock
        append(hour, digits: 2)
        append(UInt8(ascii: ":"))
        append(minute, digits: 2)
        append(UInt8(ascii: ":"))
        append(second, digits: 2)
    }

    private mutating func append(_ number: Int, digits: Int) {
        let text = String(number)
        let missing = Swift.max(0, digits - text.utf8.count)
        append(contentsOf: repeatElement(UInt8(ascii: "0"), count: missing))
        append(contentsOf: text.utf8)
    }
}

extension Timestamp {
    fileprivate var millisecondOfSecond: Int { milliseconds }

    fileprivate var clock: (hour: Int, minute: Int, second: Int) {
        let ofDay = seconds % Self.secondsPerDay
        return (ofDay / 3600, ofDay / 60 % 60, ofDay % 60)
    }

    /// The date in the Gregorian calendar, after Howard Hinnant's `civil_from_days`. Years begin
    /// in March here, so that the leap day is the last day of a year and falls out of the sums.
    fileprivate var date: (year: Int, month: Int, day: Int) {
        let days = seconds / Self.secondsPerDay + 719_468  // Since 1 March of year 0.
        let era = days / 146_097  // 400 years each.
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
            month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }
}
