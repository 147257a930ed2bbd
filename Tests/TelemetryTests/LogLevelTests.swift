import Telemetry
import Testing

@Suite("Levels")
struct LogLevelTests {
    @Test func `levels are ordered by urgency`() {
        #expect(LogLevel.allCases.sorted(by: >) == [.error, .warning, .notice, .info, .debug])
    }

    @Test(
        "a request that went well is below info, so the access log is off by default",
        arguments: [(200, .debug), (304, .debug), (399, .debug), (400, .info), (502, .info)]
            as [(UInt16, LogLevel)])
    func request(status: UInt16, level: LogLevel) {
        let request = LogEvent.Request(
            method: "GET", path: "/", status: status, duration: .zero, bytes: 0, client: "::1",
            protocol: .http11, requestID: nil, fault: nil)

        #expect(LogEvent.request(request).level == level)
    }

    @Test func `a reload that needs a restart is a warning`() {
        #expect(reload(restartNeeded: []).level == .notice)
        #expect(reload(restartNeeded: ["listen"]).level == .warning)

        func reload(restartNeeded: [String]) -> LogEvent {
            .reload(
                LogEvent.Reload(
                    generation: 1, policies: 1, changed: [], surplus: 0,
                    restartNeeded: restartNeeded))
        }
    }
}
