import Foundation
import TestSupport

/// A real browser without a window, see Fixtures/browser.py.
struct Browser: Sendable {
    enum Kind: String, CaseIterable {
        case chromium, firefox

        /// What Debian calls it.
        var command: String { self == .firefox ? "firefox-esr" : rawValue }
    }

    let reporter: Reporter
    private let turn: NetworkTurn
    /// Where its pages send what they have to tell.
    private let report: String

    init(_ kind: Kind) async throws {
        try Fixtures.check(kind)
        turn = await NetworkTurn.take()
        // -B: Python leaves nothing beside the fixtures.
        reporter = try Reporter(
            [Fixtures.python(), "-B", Fixtures.path("browser.py"), kind.rawValue],
            lastSignal: SIGTERM)
        report = try await reporter.line("ready")["report"] ?? ""
    }

    /// A tab of the user, with a page of its own that has one EventSource. It is not open yet.
    func tab(
        _ name: String, of user: String = "alice", page: String = "/tab",
        through sluice: SluiceProcess
    ) -> Tab {
        let query = "name=\(name)&report=\(report)&access_token=\(Tokens.jwt(sub: user))"
        return Tab(
            browser: self, name: name,
            url: "https://localhost:\(sluice.address.port)\(page)?\(query)")
    }

    /// Stops every process of it, as a laptop does whose lid is closed.
    func freeze() async throws { try await perform("freeze") }

    func thaw() async throws { try await perform("thaw") }

    /// Has something done, and waits until it is.
    fileprivate func perform(_ order: String, tab: String = "", url: String = "") async throws {
        let before = reporter.lines("done").count
        self.order(order, tab: tab, url: url)
        try await reporter.lines("done", count: before + 1)
    }

    fileprivate func order(_ order: String, tab: String, url: String = "") {
        reporter.child.type(#"{"do":"\#(order)","tab":"\#(tab)","url":"\#(url)"}"# + "\n")
    }
}

/// A tab of a browser. Its page is Fixtures/tab.html.
struct Tab: Sendable {
    fileprivate let browser: Browser
    let name: String
    fileprivate let url: String

    func open() async throws { try await browser.perform("open", tab: name, url: url) }

    /// Opens it some time soon.
    func beginOpening() { browser.order("open", tab: name, url: url) }

    func reload() async throws { try await browser.perform("reload", tab: name) }

    /// Goes to another page, and waits until it is there.
    func leave() async throws {
        let before = browser.reporter.lines("away").count
        try await browser.perform("leave", tab: name)
        try await browser.reporter.lines("away", count: before + 1)
    }

    func goBack() async throws { try await browser.perform("back", tab: name) }

    func close() async throws { try await browser.perform("close", tab: name) }

    // MARK: What its page tells

    /// Waits until it hears the gateway's stream of that number.
    func hears(stream: Int) async throws {
        try await browser.reporter.line("tick") {
            $0["tab"] == name && $0.number("stream") == stream
        }
    }

    /// Waits until it has told an event so often.
    func tells(_ event: String, times: Int) async throws {
        try await browser.reporter.lines(event, count: times) { $0["tab"] == name }
    }

    func lines(_ event: String) -> [LogLine] {
        browser.reporter.lines(event).filter { $0["tab"] == name }
    }

    func count(_ event: String) -> Int { lines(event).count }
}
