import TestSupport

/// Every army on one stage, each a user of its own, over some scaled minutes and what comes after.
struct War: Sendable {
    let terms: WarTerms
    let stage: Stage
    private let tally: WarTally
    private let publisher: WarPublisher

    /// A war that is over. Sluice has ended, its log is whole.
    struct Outcome: Sendable {
        let terms: WarTerms
        let stage: Stage
        let reports: [WarTerms.Army: WarReport]
    }

    static func fight(_ terms: WarTerms) async throws -> Outcome {
        let war = try await War(terms)
        let reports = try await war.fight()
        try await war.stage.sluice.stop()
        try await war.stage.sluice.log("stop")
        return Outcome(terms: terms, stage: war.stage, reports: reports)
    }

    private init(_ terms: WarTerms) async throws {
        self.terms = terms
        stage = try await Stage(terms.profile, terms.options)
        tally = WarTally(stage.gateway.gateway)
        publisher = WarPublisher(stage.gateway.gateway, pace: terms.pace)
    }

    private func fight() async throws -> [WarTerms.Army: WarReport] {
        let camps = terms.armies.map { army in
            WarCamp(army, terms, at: stage.sluice)
        }
        defer { for camp in camps { camp.closeAll() } }
        for camp in camps where camp.army.fightsItself { try await provoke(camp) }
        // A war is made of time: there is nothing else to wait for.
        try await Task.sleep(for: terms.length / 2)
        let middle = camps.map(count)
        try await Task.sleep(for: terms.length / 2)
        let end = camps.map(count)
        return try await withThrowingTaskGroup { group in
            for (number, camp) in camps.enumerated() {
                let report = WarReport(
                    army: camp.army, firstHalf: middle[number],
                    secondHalf: end[number] - middle[number])
                group.addTask { try await aftermath(camp, report) }
            }
            return try await group.reduce(into: [:]) { $0[$1.army] = $1 }
        }
    }

    /// The gateway ends the one stream, as a restart of it would.
    private func provoke(_ camp: WarCamp) async throws {
        _ = try await camp.owner(of: onlyStream(of: camp.army.user))
        stage.gateway.gateway.closeStreams(ofUser: camp.army.user, resetting: false)
    }

    private func count(_ camp: WarCamp) -> WarReport.Span {
        let attempts = camp.tabs.flatMap(\.attempts)
        return WarReport.Span(
            connects: tally.connects(camp.army.path),
            evictions: attempts.count(where: \.wasEvicted),
            refusals: attempts.count(where: \.isRefusal),
            standbys: attempts.count(where: \.isStandby))
    }

    // MARK: What comes after

    private func aftermath(_ camp: WarCamp, _ report: WarReport) async throws -> WarReport {
        var report = report
        guard terms.hasMechanisms else { return report }
        var winner = try await incumbent(of: camp)
        report.incumbent = winner.numbers
        if camp.army.client.isNative, camp.tabs.count > 1 {
            report.revival = try await revival(in: camp, after: winner)
            winner = try await incumbent(of: camp)
        }
        report.reloadWon = try await reload(in: camp, winner: winner)
        return report
    }

    /// The one stream that a user has left, and whose it is.
    private struct Incumbent: Sendable {
        let tab: Tab
        let stream: Int
        let numbers: [Int]
    }

    /// Waits until a user has one stream, and until that has got what was published by then.
    private func incumbent(of camp: WarCamp) async throws -> Incumbent {
        while true {
            let stream = try await onlyStream(of: camp.army.user)
            let (tab, place) = try await camp.owner(of: stream)
            let attempt = tab.attempts[place]
            let latest = publisher.latest
            // Gone already: those who come back by hand may have replaced it.
            guard let client = attempt.client else { continue }
            let numbers = try await client.first("number \(latest)") { state -> [Int]? in
                guard state.end == nil, let response = state.responses.first,
                    !response.isComplete
                else { return [] }
                let numbers = response.numbers
                return (numbers.last ?? 0) >= latest ? numbers : nil
            }
            if !numbers.isEmpty { return Incumbent(tab: tab, stream: stream, numbers: numbers) }
        }
    }

    private func onlyStream(of user: String) async throws -> Int {
        try await stage.gateway.first("the only stream of \(user)") { gateway in
            let streams = gateway.openStreamIDs(of: user)
            return streams.count == 1 ? streams[0] : nil
        }
    }

    /// The winner leaves, and nobody does anything: who comes back, and how?
    private func revival(
        in camp: WarCamp, after winner: Incumbent
    ) async throws -> WarReport.Revival {
        try await leave(winner, camp)
        let places = camp.tabs.map(\.attempts.count)
        let start = ContinuousClock.now
        let stream = try await onlyStream(of: camp.army.user)
        let took = ContinuousClock.now - start
        let (tab, place) = try await camp.owner(of: stream)
        let before = camp.tabs.firstIndex { $0 === tab }.map { places[$0] } ?? 0
        let attempts = tab.attempts
        let numbers = try await incumbent(of: camp).numbers
        let source = attempts[place].source
        let seen = attempts[..<place].filter { $0.source == source }.flatMap(\.numbers)
        return WarReport.Revival(
            turnedAway: max(0, place - before), broughtID: attempts[place].lastEventID != nil,
            numbers: seen + numbers, took: took)
    }

    /// The winner's tab is closed, and Sluice and the gateway have taken notice of it.
    private func leave(_ winner: Incumbent, _ camp: WarCamp) async throws {
        camp.close(winner.tab)
        let user = camp.army.user
        try await stage.sluice.log("stream_closed") { line in
            line["user"] == user && line["reason"] == "client_closed"
        }
        try await stage.gateway.until("the winner's leaving") {
            !$0.openStreamIDs(of: user).contains(winner.stream)
        }
    }

    /// Somebody loads a page anew: one that sleeps or has stopped, if there is one that does not come
    /// back by hand, and else the only one. Whether it becomes the user's one stream.
    private func reload(in camp: WarCamp, winner: Incumbent) async throws -> Bool? {
        let comesByHand = camp.army.client.comesBackAsNewcomer(streamHasIDs: terms.hasIDs)
        if comesByHand, camp.tabs.count > 1 { return nil }
        if let old = camp.tabs.first(where: { $0 !== winner.tab }) {
            camp.close(old)
        } else {
            try await leave(winner, camp)
        }
        let fresh = camp.openTab()
        let attempt = try await fresh.first("an answer") { $0.first { $0.status != nil } }
        guard let stream = attempt.gatewayStream else { return false }
        return try await onlyStream(of: camp.army.user) == stream
    }
}
