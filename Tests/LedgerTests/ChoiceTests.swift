import Testing

@testable import Ledger
@testable import Policy

@Suite("Which stream goes")
struct ChoiceTests {
    /// One stream for each of the clients, a second apart; the cap is their number.
    private static func ledger(
        _ clients: [FixedVitals], by excess: Policy.Excess = .closeOldest
    ) -> Ledger {
        var ledger = Ledger(
            policySet: set([policy("default", perUser: clients.count, onExcess: excess)]))
        for (second, vitals) in clients.enumerated() {
            _ = ledger.admit(
                stream(.ann), owner: 0, vitals: vitals, isReturning: false,
                now: .seconds(second), chance: 0)
        }
        return ledger
    }

    private static func victims(_ ledger: inout Ledger) -> [Victim] {
        ledger.admit(stream(.ann), owner: 0, now: .seconds(100)).admission?.victims ?? []
    }

    @Test(
        "The dead go before the oldest, and the log can say why",
        arguments: [
            ([Condition.well, .well, .well], 1, Choice.oldest),
            ([.well, .stalled, .well], 2, .stalled),
            ([.well, .well, .unacknowledged], 3, .unacknowledged),
            ([.well, .unacknowledged, .stalled], 2, .unacknowledged),
            ([.stalled, .stalled, .well], 1, .stalled),
        ] as [([Condition], UInt64, Choice)])
    func dead(conditions: [Condition], id: UInt64, choice: Choice) {
        var ledger = Self.ledger(conditions.map { FixedVitals($0, lastEvent: .seconds(50)) })

        let victims = Self.victims(&ledger)

        #expect(victims.ids == [id])
        #expect(victims.choices == [choice])
    }

    @Test("One that got only heartbeats since a younger one opened is dead")
    func onlyHeartbeats() {
        // The second has had nothing since the third opened, which has had an event.
        var ledger = Self.ledger([50, 2, 40].map { FixedVitals(lastEvent: .seconds($0)) })

        let victims = Self.victims(&ledger)

        #expect(victims.ids == [2])
        #expect(victims.choices == [.onlyHeartbeats])
    }

    @Test("Where no younger one has had an event, silence tells nothing")
    func quiet() {
        var ledger = Self.ledger([0, 1, 2].map { FixedVitals(lastEvent: .seconds($0)) })

        #expect(Self.victims(&ledger).choices == [.oldest])
    }

    @Test("The youngest is not dead for its silence")
    func youngest() {
        var ledger = Self.ledger([50, 40, 2].map { FixedVitals(lastEvent: .seconds($0)) })

        let victims = Self.victims(&ledger)

        #expect(victims.ids == [1])
        #expect(victims.choices == [.oldest])
    }

    @Test("One that does not take what is written goes before one that is silent")
    func stalledFirst() {
        var ledger = Self.ledger([
            FixedVitals(lastEvent: .seconds(0)), FixedVitals(lastEvent: .seconds(50)),
            FixedVitals(.stalled, lastEvent: .seconds(50)),
        ])

        #expect(Self.victims(&ledger).ids == [3])
    }

    @Test("close_idlest: whose last event is longest ago, among equals the oldest")
    func idlest() {
        var ledger = Self.ledger(
            [50, 30, 30, 40].map { FixedVitals(lastEvent: .seconds($0)) }, by: .closeIdlest)

        let victims = Self.victims(&ledger)

        #expect(victims.ids == [2])
        #expect(victims.choices == [.idlest])
    }

    @Test("Where there is one candidate it is not asked", arguments: Policy.Excess.allCases)
    func oneCandidate(excess: Policy.Excess) {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1, onExcess: excess)]))
        _ = ledger.admit(
            stream(.ann), owner: 0, vitals: SilentVitals(), isReturning: false, now: .zero,
            chance: 0)

        let victims = Self.victims(&ledger)

        #expect(victims.choices == (excess == .rejectNewest ? [] : [.oldest]))
    }

    @Test("No more than the oldest 64 are asked")
    func bounded() {
        let clients = (0..<80).map { index in
            FixedVitals(index == 63 || index == 64 ? .stalled : .well, lastEvent: .seconds(90))
        }
        var ledger = Self.ledger(clients)

        let victims = [Self.victims(&ledger), Self.victims(&ledger), Self.victims(&ledger)]

        // When the first has gone, the 65th stream comes into view.
        #expect(victims.map(\.ids) == [[64], [65], [1]])
    }

    @Test("The heaviest user loses a lost stream to a stranger before its oldest")
    func heaviest() {
        for (second, id, choice) in [
            (FixedVitals(.stalled, isLost: true), 2, Choice.stalled),
            (FixedVitals(.unacknowledged, isLost: true), 2, .unacknowledged),
            (FixedVitals(.stalled), 1, .heaviest), (FixedVitals(), 1, .heaviest),
        ] as [(FixedVitals, UInt64, Choice)] {
            var ledger = Ledger(policySet: set([], max: 3))
            for vitals in [FixedVitals(), second, FixedVitals()] {
                _ = ledger.admit(
                    stream(.ann), owner: 0, vitals: vitals, isReturning: false, now: .zero,
                    chance: 0)
            }

            let verdict = ledger.admit(stream(.bob), owner: 0, now: .zero)

            #expect(verdict.victims == [id])
            #expect(verdict.admission?.victims.choices == [choice])
        }
    }

    @Test("A reload's surplus goes oldest first, and so do those that are only observed")
    func plainOrder() {
        var ledger = Self.ledger([.well, .stalled, .stalled].map { FixedVitals($0) })

        _ = ledger.apply(set([policy("default", perUser: 2, mode: .observe)]), now: .zero)
        let observed = ledger.admit(stream(.ann), owner: 0, now: .zero).admission?.observed
        _ = ledger.apply(set([policy("default", perUser: 3)]), now: .zero)
        let surplus = ledger.tick(now: .zero)

        #expect(observed?.ids == [1, 2])
        #expect(observed?.choices == [.oldest, .oldest])
        #expect(surplus.ids == [1])
        #expect(surplus.choices == [.surplus])
    }
}
