/// `@microsoft/fetch-event-source`. What its callbacks throw decides whether it goes on.
package struct FetchEventSource: ClientHabits {
    package enum Callbacks: Sendable {
        /// None given: whatever is an event stream is read to its end, everything else is an error,
        /// and errors are tried again for ever.
        case defaults
        /// The pattern of its README: an end is an error too, and of the statuses in 400...499 only
        /// 429 is tried again.
        case readme
    }

    private let callbacks: Callbacks
    private let ownWait: Duration

    package init(_ callbacks: Callbacks, scale: Int) {
        self.callbacks = callbacks
        ownWait = .seconds(1) / scale
    }

    package let tokenPlace = TokenPlace.bearer
    package let fields = ClientFields.browserFetch

    package func ended(_ outcome: Outcome, _ source: inout StreamSource) -> NextStep {
        goesOn(after: outcome) ? .again(after: source.told ?? ownWait) : .stop
    }

    private func goesOn(after outcome: Outcome) -> Bool {
        switch (callbacks, outcome) {
        case (_, .cut), (_, .noContent): true
        case (.defaults, .cleanEnd): false
        case (.readme, .cleanEnd): true
        case (.defaults, .refused(_, let isEventStream)): !isEventStream
        case (.readme, .refused(let status, _)): status == 429 || !(400...499).contains(status)
        }
    }
}
