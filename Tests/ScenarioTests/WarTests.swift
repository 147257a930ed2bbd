import TestSupport
import Testing

extension Scenarios {
    @Suite("Closed stays closed: the tabs of one user and a limit of one stream")
    struct WarTests {
        /// Fought once, at the same time, for all tests below.
        private static let wars = Task {
            async let withIDs = War.fight(WarTerms())
            async let withoutIDs = War.fight(WarTerms(hasIDs: false))
            return try await [withIDs, withoutIDs]
        }

        @Test("the war comes to rest", arguments: ClientDouble.allCases)
        func rest(_ client: ClientDouble) async throws {
            for war in try await Self.wars.value {
                for (report, clue) in war.reports(of: client) {
                    // In the long run two connects a minute, whoever it is.
                    let minutes = war.terms.minutes / 2
                    #expect(report.secondHalf.connects <= 2 * minutes, "\(clue)")
                    // The others come back as newcomers, if only because they were evicted before
                    // the first id.
                    guard !client.comesBackAsNewcomer(streamHasIDs: false) else { continue }
                    #expect(report.firstHalf.connects == report.army.tabs, "\(clue)")
                    #expect(report.firstHalf.evictions == report.army.tabs - 1, "\(clue)")
                    #expect(report.secondHalf.connects == 0, "\(clue)")
                }
            }
        }

        @Test("the incumbent misses nothing", arguments: ClientDouble.allCases)
        func incumbent(_ client: ClientDouble) async throws {
            for war in try await Self.wars.value {
                for (report, clue) in war.reports(of: client) {
                    let numbers = report.incumbent
                    let first = try #require(numbers.first, "\(clue)")
                    #expect(numbers == Array(first..<(first + numbers.count)), "\(clue)")
                }
            }
        }

        @Test(
            "a tab in standby revives by itself when the winner leaves",
            arguments: ClientDouble.allCases.filter(\.isNative))
        func revival(_ client: ClientDouble) async throws {
            for war in try await Self.wars.value {
                for (report, clue) in war.reports(of: client) where report.army.tabs > 1 {
                    let revival = try #require(report.revival, "\(clue)")
                    // Its first attempt, so it needed one retry.
                    #expect(revival.turnedAway == 0, "\(clue)")
                    #expect(revival.broughtID, "\(clue)")
                    #expect(report.firstHalf.standbys > 0, "\(clue)")
                    guard war.terms.hasIDs else { continue }
                    // With its real id restored it gets what it slept through.
                    #expect(WarReport.gaps(revival.numbers) == 0, "\(clue)")
                }
            }
        }

        @Test("a page that is loaded anew wins", arguments: ClientDouble.allCases)
        func reload(_ client: ClientDouble) async throws {
            for war in try await Self.wars.value {
                for (report, clue) in war.reports(of: client) {
                    #expect(report.reloadWon != false, "\(clue)")
                }
                #expect(war.reports(of: client).contains { $0.0.reloadWon == true })
            }
        }

        @Test func `both wars leave everything in order`() async throws {
            for war in try await Self.wars.value {
                #expect(war.stage.sluice.child.exit == .code(0))
                war.stage.expectSoundLog()
                try await war.stage.gateway.streams(0)
            }
        }

        @Test func `without the mechanisms the same tabs do not come to rest`() async throws {
            let army = WarTerms.Army(client: .chromium, tabs: 2)
            let terms = WarTerms(hasMechanisms: false)
            let stage = try await Stage(terms.profile, terms.options)
            let camp = WarCamp(army, terms, at: stage.sluice)

            // With them there are two.
            try await stage.gateway.until("a connect every three seconds") {
                $0.requestCount >= 50
            }

            camp.closeAll()
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") > 40)
        }
    }
}

extension War.Outcome {
    /// The reports on one kind of client, each with words that tell which it is.
    fileprivate func reports(of client: ClientDouble) -> [(WarReport, String)] {
        terms.armies.filter { $0.client == client }.compactMap { army in
            reports[army].map { report in
                let ids = terms.hasIDs ? "with ids" : "without ids"
                return (report, "\(army), \(ids): \(report)")
            }
        }
    }
}
