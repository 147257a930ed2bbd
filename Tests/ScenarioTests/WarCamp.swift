import Locking
import TestSupport

/// The tabs of one army that are open.
final class WarCamp: Sendable {
    let army: WarTerms.Army
    private let open = Guarded<[Tab]>([])
    private let bulletin = Bulletin()
    private let terms: WarTerms
    private let sluice: SluiceProcess

    init(_ army: WarTerms.Army, _ terms: WarTerms, at sluice: SluiceProcess) {
        self.army = army
        self.terms = terms
        self.sluice = sluice
        for _ in 0..<army.tabs { openTab() }
    }

    var tabs: [Tab] { open.withLock { $0 } }

    @discardableResult
    func openTab() -> Tab {
        let tab = Tab(
            army.client, user: army.user, path: army.path, at: sluice, scale: terms.scale,
            isDeaf: !terms.hasMechanisms, bulletin: bulletin)
        open.withLock { $0.append(tab) }
        return tab
    }

    func close(_ tab: Tab) {
        open.withLock { tabs in tabs.removeAll { $0 === tab } }
        tab.close()
    }

    func closeAll() { for tab in tabs { close(tab) } }

    /// Whose stream that is, and which of the tab's attempts it was. Waits until its head has come.
    func owner(of stream: Int) async throws -> (tab: Tab, place: Int) {
        try await bulletin.first(
            "the owner of stream \(stream) at \(army)", clue: { self.diary }
        ) { [self] in
            for tab in tabs {
                if let place = tab.attempts.lastIndex(where: { $0.gatewayStream == stream }) {
                    return (tab, place)
                }
            }
            return nil
        }
    }

    /// What the tabs have done lately, for a test that waits in vain.
    private var diary: String {
        tabs.map { tab in
            tab.attempts.suffix(5).map { attempt in
                "\(attempt.status ?? 0) stream \(attempt.gatewayStream ?? 0) "
                    + "\(attempt.outcome.map { "\($0)" } ?? "open")"
            }.joined(separator: ", ")
        }.joined(separator: "; ")
    }
}
