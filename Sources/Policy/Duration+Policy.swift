/// Durations as policy files write them: digits and one unit, such as `500ms`, `30s` or `12h`.
extension Duration {
    /// The longest duration that a policy may name.
    package static let policyMax = Duration.seconds(365 * 86_400)

    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Reads `policyText`: no sign, no fraction, no leading zero, no more than `policyMax`.
    package init?(policyText: String) {
        let digits = policyText.prefix { $0.isASCII && $0.isNumber }
        let suffix = policyText.dropFirst(digits.count)
        guard let unit = Self.units.first(where: { $0.suffix == suffix }),
            let count = Int64(digits), digits == String(count)
        else { return nil }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
        guard !overflow, .milliseconds(milliseconds) <= Self.policyMax else { return nil }
        self = .milliseconds(milliseconds)
    }

    /// The duration in the longest unit that says it exactly, rounded down to milliseconds.
    package var policyText: String {
        // Wrapping cannot matter below `policyMax`, and beyond it must not trap.
        let milliseconds =
            components.seconds &* 1000 &+ components.attoseconds / 1_000_000_000_000_000
        let unit = Self.units.last {
            milliseconds != 0 && milliseconds.isMultiple(of: $0.milliseconds)
        }
        guard let unit else { return "0s" }
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
}
