import Locking

/// A page or program of one user, open until it is closed. It connects when it is made, and from then
/// on does what its client does. All of its attempts are written down.
package final class Tab: Sendable {
    private struct State {
        var habits: any ClientHabits
        var attempts: [Attempt] = []
        var sources = 0
        var liveSources = 0
        var isClosed = false
        /// Those that wait or connect, by the number of their stream object.
        var tasks: [Task<Void, Never>] = []
    }

    package let user: String
    private let sluice: SluiceProcess
    private let path: String
    private let state: Guarded<State>
    private let bulletin: Bulletin
    /// Whether it takes no notice of `retry`, as if nobody had said it.
    private let isDeaf: Bool
    /// A page that makes objects without end has crashed before it has so many.
    private static let liveSourcesMax = 100

    /// Opens it. Whatever it does is posted on `bulletin`, which several tabs may share.
    package init(
        _ client: ClientDouble, user: String, path: String, at sluice: SluiceProcess, scale: Int,
        isDeaf: Bool = false, bulletin: Bulletin = Bulletin()
    ) {
        self.user = user
        self.path = path
        self.sluice = sluice
        self.isDeaf = isDeaf
        self.bulletin = bulletin
        state = Guarded(State(habits: client.habits(scale: scale)))
        makeSource(after: .zero)
    }

    deinit { for task in state.withLock({ $0.tasks }) { task.cancel() } }

    // MARK: Looking

    package var attempts: [Attempt] { state.withLock { $0.attempts } }

    /// Waits until `look` finds something in what this tab has done.
    package func first<Value: Sendable>(
        _ what: String, within limit: Duration = patience, _ look: @Sendable ([Attempt]) -> Value?
    ) async throws -> Value {
        try await bulletin.first("\(what) at a tab of \(user)", within: limit) {
            state.withLock { look($0.attempts) }
        }
    }

    // MARK: What its owner does

    /// Closes it: its connections go, and nothing comes after them.
    package func close() {
        let (clients, tasks) = state.withLock { state in
            state.isClosed = true
            return (state.attempts.compactMap(\.client), state.tasks)
        }
        for task in tasks { task.cancel() }
        for client in clients { client.leave(.close) }
    }

    // MARK: What it does by itself

    private func makeSource(after wait: Duration) {
        state.withLock { state in
            guard !state.isClosed, state.liveSources < Self.liveSourcesMax else { return }
            let number = state.sources
            state.sources += 1
            state.liveSources += 1
            // The tab ends with its owner, not with the last of its waits.
            let task = Task { [weak self] in
                var source = StreamSource()
                var wait: Duration? = wait
                while let pause = wait, await Self.hasPassed(pause) {
                    wait = await self?.connect(number, &source)
                }
                self?.state.withLock { $0.liveSources -= 1 }
            }
            state.tasks.append(task)
        }
    }

    /// Waits as its client would. False when the tab was closed in the meantime.
    private static func hasPassed(_ wait: Duration) async -> Bool {
        do {
            if wait > .zero { try await Task.sleep(for: wait) }
            return !Task.isCancelled
        } catch {
            return false
        }
    }

    /// One connect, from its beginning to the end of its response. Returns after how long the same
    /// object connects again, `nil` for never.
    private func connect(_ number: Int, _ source: inout StreamSource) async -> Duration? {
        guard let (place, client) = begin(number, source) else { return nil }
        // A stream lasts as long as it lasts; an hour without news is an end like any other.
        let ages = Duration.seconds(3600)
        let head = try? await client.first("a head", within: ages) { state in
            Answer(state.responses.first, isOver: state.end != nil)
        }
        if let response = head?.response { opened(place, response, &source) }
        let last = try? await client.first("the end", within: ages) { state in
            Answer(whole: state.responses.first, isOver: state.end != nil)
        }
        client.leave(.close)
        let outcome = Self.outcome(last?.response)
        return ended(place, outcome, last?.response, &source)
    }

    /// What is known of a response, once that is enough.
    private struct Answer: Sendable {
        let response: Response?

        init?(_ response: Response?, isOver: Bool) {
            guard response != nil || isOver else { return nil }
            self.response = response
        }

        init?(whole response: Response?, isOver: Bool) {
            guard response?.isComplete == true || isOver else { return nil }
            self.response = response
        }
    }

    private func begin(_ number: Int, _ source: StreamSource) -> (place: Int, client: TestClient)? {
        let id = source.lastEventID.isEmpty ? nil : source.lastEventID
        let token = Tokens.jwt(sub: user)
        let client = sluice.client(name: "a tab of \(user)")
        let habits = state.withLock { $0.habits }
        var fields = habits.fields
        var target = path
        switch habits.tokenPlace {
        case .query: target += "?access_token=\(token)"
        case .bearer: fields.append(("authorization", "Bearer \(token)"))
        }
        if let id { fields.append(("last-event-id", id)) }
        let place: Int? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.attempts.append(Attempt(source: number, lastEventID: id, client: client))
            return state.attempts.count - 1
        }
        guard let place else {
            client.leave(.close)
            return nil
        }
        client.request("GET", target, fields: fields)
        bulletin.post()
        return (place, client)
    }

    private func opened(_ place: Int, _ head: Response, _ source: inout StreamSource) {
        state.withLock { state in
            state.attempts[place].note(head: head)
            guard head.status == 200, head.isEventStream else { return }
            state.habits.opened(&source)
        }
        bulletin.post()
    }

    private static func outcome(_ response: Response?) -> Outcome {
        guard let response else { return .cut }
        switch response.status {
        case 200 where response.isEventStream: return response.isComplete ? .cleanEnd : .cut
        case 204: return .noContent
        case let status: return .refused(status: status, isEventStream: response.isEventStream)
        }
    }

    private func ended(
        _ place: Int, _ outcome: Outcome, _ response: Response?, _ source: inout StreamSource
    ) -> Duration? {
        let step: NextStep = state.withLock { state in
            state.attempts[place].end(outcome, response)
            guard !state.isClosed else { return .stop }
            if let response { hear(response, state.habits, &source) }
            return state.habits.ended(outcome, &source)
        }
        bulletin.post()
        if let wait = step.replacement { makeSource(after: wait) }
        return step.again
    }

    private func hear(
        _ response: Response, _ habits: any ClientHabits, _ source: inout StreamSource
    ) {
        guard response.isEventStream else { return }
        if !isDeaf, let retry = response.retry {
            source.told = habits.wait(toldToRetryAfter: retry)
        }
        let id = habits.dropsIDsWithoutData ? response.events.last?.id : response.lastID
        source.lastEventID = id ?? source.lastEventID
    }
}
