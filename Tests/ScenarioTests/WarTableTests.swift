import TestSupport
import Testing

extension Scenarios {
    /// Not for every day: at a slower scale, so that the machine is no match for no war.
    @Suite("The table of docs/CLOSING.md", .enabled(if: Scale.isFull))
    struct WarTableTests {
        private static let scale = 20
        /// One page of these makes a thousand connects a minute.
        private static let wildest = WarTerms.everyArmy.filter { $0.client == .seedEra }

        @Test func `print the rows`() async throws {
            let wild = try await War.fight(
                WarTerms(
                    scale: Self.scale, minutes: 6, hasMechanisms: false,
                    armies: WarTerms.everyArmy.filter { !Self.wildest.contains($0) }))
            let wildest = try await War.fight(
                WarTerms(scale: 4, minutes: 2, hasMechanisms: false, armies: Self.wildest))
            for hasIDs in [true, false] {
                let war = try await War.fight(WarTerms(scale: Self.scale, hasIDs: hasIDs))
                print("\nEvents \(hasIDs ? "with" : "without") ids:\n\n\(Self.head)")
                for army in war.terms.armies where Self.isWorthARow(army, hasIDs) {
                    let before = Self.wildest.contains(army) ? wildest : wild
                    print(try Self.row(army, in: war, before: before))
                }
            }
        }

        /// A single tab is at peace, unless it fights itself; and most do not care for ids.
        private static func isWorthARow(_ army: WarTerms.Army, _ hasIDs: Bool) -> Bool {
            let client = army.client
            let caresForIDs =
                client.comesBackAsNewcomer(streamHasIDs: false)
                && !client.comesBackAsNewcomer(streamHasIDs: true)
            return (army.tabs > 1 || army.fightsItself) && (hasIDs || caresForIDs)
        }

        private static let head = """
            | client | tabs | connects/min without | with: first half | second half | evictions \
            | refusals | standby rounds | missed | revived after |
            |---|---|---|---|---|---|---|---|---|---|
            """

        private static func row(
            _ army: WarTerms.Army, in war: War.Outcome, before: War.Outcome
        ) throws -> String {
            let (report, without) = (
                try #require(war.reports[army]), try #require(before.reports[army])
            )
            let (first, second) = (report.firstHalf, report.secondHalf)
            let revival = report.revival.map { revival in
                "\((revival.took * war.terms.scale).components.seconds) s"
            }
            let cells = [
                "\(army.client)", "\(army.tabs)", rate(without.secondHalf, before.terms),
                rate(first, war.terms), rate(second, war.terms),
                "\(first.evictions + second.evictions)", "\(first.refusals + second.refusals)",
                "\(first.standbys + second.standbys)", "\(report.missed)", revival ?? "-",
            ]
            return "| " + cells.joined(separator: " | ") + " |"
        }

        /// Connects a minute in one half of a war, with one digit after the point.
        private static func rate(_ half: WarReport.Span, _ terms: WarTerms) -> String {
            let tenths = (half.connects * 20 + terms.minutes / 2) / terms.minutes
            return "\(tenths / 10).\(tenths % 10)"
        }
    }
}
