import Locking

/// What was waited for did not come in time.
package struct DeadlineExceeded: Error, CustomStringConvertible {
    package let description: String
}

/// How long a test waits for what should come at once. Generous: a loaded machine is no failure.
package let patience = Duration.seconds(30)

/// Tells those who wait that something has changed. They look for themselves whether it is what
/// they are waiting for, so nobody polls and no thread is held.
package final class Bulletin: Sendable {
    private struct State {
        var version = 0
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Guarded(State())

    package init() {}

    /// Something has changed.
    package func post() {
        let waiters = state.withLock { state in
            state.version += 1
            defer { state.waiters = [:] }
            return state.waiters.values.map(\.self)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until `look` finds something, looking again after every change.
    ///
    /// - Throws: `DeadlineExceeded` with `what` and whatever `clue` has to say.
    package func first<Value: Sendable>(
        _ what: String, within limit: Duration = patience,
        clue: @Sendable () -> String = { "" }, _ look: @Sendable () -> Value?
    ) async throws(DeadlineExceeded) -> Value {
        let deadline = ContinuousClock.now + limit
        while true {
            let version = state.withLock { $0.version }
            if let value = look() { return value }
            guard ContinuousClock.now < deadline else {
                throw DeadlineExceeded(description: "waited \(limit) for \(what). \(clue())")
            }
            await change(after: version, orAt: deadline)
        }
    }

    private func change(after version: Int, orAt deadline: ContinuousClock.Instant) async {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let alarm = Task {
            // Woken by being cancelled, or because it is time.
            try? await Task.sleep(until: deadline, clock: .continuous)
            wake(waiter)
        }
        await withCheckedContinuation { continuation in
            let isNews = state.withLock { state in
                if state.version != version { return true }
                state.waiters[waiter] = continuation
                return false
            }
            // The alarm may have rung before there was anybody to wake.
            if isNews || ContinuousClock.now >= deadline { wake(waiter, continuation, isNews) }
        }
        alarm.cancel()
    }

    private func wake(
        _ waiter: Int, _ continuation: CheckedContinuation<Void, Never>, _ isNews: Bool
    ) {
        if isNews { continuation.resume() } else { wake(waiter) }
    }

    private func wake(_ waiter: Int) {
        state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
    }
}
