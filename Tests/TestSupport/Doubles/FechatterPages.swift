/// The page of fechatter as it first was. On each error it makes a new EventSource and does not close
/// the old one, which connects again by itself: one page can fight itself.
package struct SeedEraPage: ClientHabits {
    private let firstWait: Duration
    private var nextWait: Duration
    private var attempts = 0
    private var native: NativeEventSource
    private static let attemptsMax = 5

    package init(scale: Int) {
        firstWait = .seconds(3) / scale
        nextWait = firstWait
        native = NativeEventSource(.chromium, scale: scale)
    }

    package let tokenPlace = TokenPlace.query
    package let fields = ClientFields.browserEventSource

    package mutating func opened(_ source: inout StreamSource) {
        attempts = 0
        nextWait = firstWait
    }

    package mutating func ended(_ outcome: Outcome, _ source: inout StreamSource) -> NextStep {
        var step = native.ended(outcome, &source)
        // A closed EventSource tells no reason, so the page suspects its token.
        step.asksForToken = step.again == nil
        guard attempts < Self.attemptsMax else { return step }
        attempts += 1
        step.replacement = nextWait
        nextWait = nextWait * 3 / 2
        return step
    }
}

/// fechatter's `sse-minimal`: closes its EventSource on each error and makes a new one a moment
/// later, for ever.
package struct MinimalPage: ClientHabits {
    private let second: Duration
    private var polls = 0

    package init(scale: Int) { second = .seconds(1) / scale }

    package let tokenPlace = TokenPlace.query
    package let fields = ClientFields.browserEventSource

    package mutating func opened(_ source: inout StreamSource) { polls = 0 }

    package mutating func ended(_ outcome: Outcome, _ source: inout StreamSource) -> NextStep {
        switch outcome {
        case .cleanEnd, .cut: return .replacement(after: second * 3)
        case .noContent, .refused:
            defer { polls += 1 }
            return .replacement(after: second * (2 + polls % 4))
        }
    }
}
