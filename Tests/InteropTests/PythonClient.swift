import TestSupport

/// A client of a Python SDK, see Fixtures/sdk.py.
struct PythonClient: Sendable {
    enum SDK: String, CaseIterable {
        case httpx = "httpx-sse"
        case launchDarkly = "launchdarkly-eventsource"
        case requests = "requests-sse"
        case aiohttp = "aiohttp-sse-client2"
    }

    let reporter: Reporter

    /// Sluice is without TLS here.
    init(_ sdk: SDK, _ sluice: SluiceProcess, _ target: String) throws {
        reporter = try Reporter([
            Fixtures.python(), Fixtures.path("sdk.py"), sdk.rawValue,
            "http://localhost:\(sluice.address.port)\(target)",
        ])
    }

    /// Waits until it hears the gateway's stream of that number.
    @discardableResult
    func hears(stream: Int) async throws -> LogLine {
        try await reporter.line("tick") { $0["data"]?.hasPrefix("\(stream) ") == true }
    }
}
