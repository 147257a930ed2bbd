import TestSupport

/// What a war came to for one army.
struct WarReport: Sendable {
    /// One half of the war, or any other span of it.
    struct Span: Sendable {
        /// Requests that reached the gateway.
        var connects = 0
        /// Streams that were closed for a newer one of the same user.
        var evictions = 0
        /// Attempts that were told no.
        var refusals = 0
        /// Attempts that were told to sleep on.
        var standbys = 0

        static func - (later: Span, earlier: Span) -> Span {
            Span(
                connects: later.connects - earlier.connects,
                evictions: later.evictions - earlier.evictions,
                refusals: later.refusals - earlier.refusals,
                standbys: later.standbys - earlier.standbys)
        }
    }

    let army: WarTerms.Army
    let firstHalf: Span
    let secondHalf: Span
    /// What the stream got that was the user's last one, without a gap when all is well.
    var incumbent: [Int] = []
    var revival: Revival?
    /// Whether a page that was loaded anew became the user's only stream.
    var reloadWon: Bool?

    /// How a tab came back once the winner had gone.
    struct Revival: Sendable {
        /// Attempts of that tab which were turned away after the winner had left.
        let turnedAway: Int
        /// Whether it was the same stream object, back by itself.
        let broughtID: Bool
        /// What its user saw before and after.
        let numbers: [Int]
        let took: Duration
    }

    /// How many numbers the incumbent was not given.
    var missed: Int { Self.gaps(incumbent) }

    static func gaps(_ numbers: [Int]) -> Int {
        guard let first = numbers.first, let last = numbers.last else { return 0 }
        return last - first + 1 - numbers.count
    }
}

extension WarReport: CustomStringConvertible {
    /// Without the numbers themselves: there are hundreds.
    var description: String {
        "first \(firstHalf), then \(secondHalf), missed \(missed), reload won "
            + "\(reloadWon.map(String.init) ?? "-"), revival \(revival.map(\.description) ?? "-")"
    }
}

extension WarReport.Span: CustomStringConvertible {
    var description: String {
        "\(connects) connects, \(evictions) evictions, \(refusals) refusals, \(standbys) standbys"
    }
}

extension WarReport.Revival: CustomStringConvertible {
    var description: String {
        "after \(took), turned away \(turnedAway) times, brought an id \(broughtID), "
            + "missed \(WarReport.gaps(numbers))"
    }
}
