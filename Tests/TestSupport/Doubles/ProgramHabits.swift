/// The event sources of LaunchDarkly's SDKs: again with growing waits. Their jitter takes off up to a
/// half; the double always takes off the most.
package struct LaunchDarklySource: ClientHabits {
    private let ownWait: Duration
    private let waitMax: Duration

    package init(scale: Int) {
        ownWait = .seconds(1) / scale
        waitMax = .seconds(30) / scale
    }

    package let tokenPlace = TokenPlace.bearer
    package let fields = ClientFields.packageEventSource

    package func opened(_ source: inout StreamSource) { source.failures = 0 }

    package func ended(_ outcome: Outcome, _ source: inout StreamSource) -> NextStep {
        switch outcome {
        case .noContent: return .stop
        case .refused(let status, _) where ![500, 502, 503, 504].contains(status): return .stop
        case .cleanEnd, .cut, .refused: break
        }
        // 2^10 is far above the longest wait.
        let growth = 1 << min(source.failures, 10)
        source.failures += 1
        return .again(after: min((source.told ?? ownWait) * growth, waitMax) / 2)
    }
}

/// okhttp-sse: tells its owner how it ended, and leaves the rest to them.
package struct OkHTTPSource: ClientHabits {
    package init() {}

    package let tokenPlace = TokenPlace.bearer
    package let fields = ClientFields.program

    package func ended(_ outcome: Outcome, _ source: inout StreamSource) -> NextStep { .stop }
}

/// The GET stream of a session of the MCP TypeScript SDK.
package struct MCPSource: ClientHabits {
    private let ownWait: Duration
    private let waitMax: Duration
    private static let attemptsMax = 2

    package init(scale: Int) {
        ownWait = .seconds(1) / scale
        waitMax = .seconds(30) / scale
    }

    package let tokenPlace = TokenPlace.bearer
    package let fields =
        ClientFields.program + [("mcp-session-id", "00000000-0000-4000-8000-000000000001")]

    package func opened(_ source: inout StreamSource) { source.failures = 0 }

    package func ended(_ outcome: Outcome, _ source: inout StreamSource) -> NextStep {
        switch outcome {
        case .cleanEnd, .cut: .again(after: wait(source))
        case .noContent, .refused(405, _): .stop
        // The session is unknown: a new one begins, with a stream of its own.
        case .refused(404, _): .replacement(after: .zero)
        case .refused: tryAgain(&source)
        }
    }

    private func tryAgain(_ source: inout StreamSource) -> NextStep {
        guard source.failures < Self.attemptsMax else { return .stop }
        defer { source.failures += 1 }
        return .again(after: wait(source))
    }

    /// By its specification `retry` binds it; without one it grows by half each time.
    private func wait(_ source: StreamSource) -> Duration {
        if let told = source.told { return told }
        let grown = (0..<source.failures).reduce(ownWait) { wait, _ in wait * 3 / 2 }
        return min(grown, waitMax)
    }
}
