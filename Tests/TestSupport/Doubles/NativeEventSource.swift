/// An EventSource as the browsers and Node packages have it (WHATWG HTML, section 9.2). It connects
/// again by itself after anything but a refusal, and brings the last id that it saw.
package struct NativeEventSource: ClientHabits {
    package enum Engine: Sendable {
        case chromium, firefox, webKit
        /// The package `eventsource`.
        case npm
    }

    private let engine: Engine
    private let ownWait: Duration
    /// No `retry` makes Firefox faster.
    private let waitMin: Duration

    package init(_ engine: Engine, scale: Int) {
        self.engine = engine
        ownWait = .seconds(engine == .firefox ? 5 : 3) / scale
        waitMin = engine == .firefox ? .milliseconds(500) / scale : .zero
    }

    package let tokenPlace = TokenPlace.query
    package var fields: [(String, String)] {
        engine == .npm ? ClientFields.packageEventSource : ClientFields.browserEventSource
    }
    package var dropsIDsWithoutData: Bool { engine == .firefox || engine == .webKit }

    package func ended(_ outcome: Outcome, _ source: inout StreamSource) -> NextStep {
        switch outcome {
        case .cleanEnd: .again(after: source.told ?? ownWait)
        // Firefox goes on after some errors of the network; the worst is assumed of this one.
        case .cut: engine == .firefox ? .stop : .again(after: source.told ?? ownWait)
        case .noContent, .refused: .stop
        }
    }

    package func wait(toldToRetryAfter milliseconds: Int) -> Duration {
        switch engine {
        case .chromium, .webKit: .milliseconds(milliseconds)
        // It counts in 32 bits and starts again at zero.
        case .firefox: max(.milliseconds(UInt32(truncatingIfNeeded: milliseconds)), waitMin)
        // A timer of Node that is told more than it can count fires at once.
        case .npm: milliseconds > Int(Int32.max) ? .zero : .milliseconds(milliseconds)
        }
    }
}
