import Ledger
import Policy
import Reactor
import Settings
import Telemetry

/// Reload: read everything again, then change everything at once, or nothing.
extension Control {
    /// Reads everything again, on a thread of its own. One at a time: signals that come meanwhile
    /// are one further reload.
    func reload() {
        if case .draining = phase { return }
        wantsReload = loader != nil
        guard !wantsReload else { return }
        let (load, running, mailbox) = (load, running, mailbox)
        let generation = loaded.policies.generation + 1
        do throws(SystemCallError) {
            loader = try Thread(name: "sluice-reload") {
                mailbox.post(
                    .reloaded(Self.readAgain(load, generation: generation, instead: running)))
            }
        } catch {
            recordReloadFailure([error.message])
        }
    }

    /// Files that somebody is writing at this very moment get a second look (P07).
    private static func readAgain(
        _ load: Loader, generation: UInt64, instead running: Running
    ) -> Result<Reloaded, LoadFailure> {
        let first = read(load, generation: generation, instead: running)
        guard case .failure = first else { return first }
        Clock.pause(secondLookDelay)
        return read(load, generation: generation, instead: running)
    }

    private static let secondLookDelay = Duration.milliseconds(100)

    private static func read(
        _ load: Loader, generation: UInt64, instead running: Running
    ) -> Result<Reloaded, LoadFailure> {
        do throws(LoadFailure) {
            let fresh = try load(generation)
            let next = try Running(loading: fresh.settings, instead: running)
            return .success(Reloaded(loaded: fresh, running: next))
        } catch {
            return .failure(error)
        }
    }

    /// Valid, it is in force at once and as a whole; otherwise nothing changes and one line says
    /// why. A stop that came meanwhile wins (G02).
    func finishReload(_ outcome: Result<Reloaded, LoadFailure>) {
        loader?.join()
        loader = nil
        if case .draining = phase { return }
        switch outcome {
        case .success(let fresh): putInForce(fresh.loaded, fresh.running)
        case .failure(let failure): recordReloadFailure(failure.problems)
        }
        if wantsReload { reload() }
    }

    private func putInForce(_ fresh: Loaded, _ next: Running) {
        var (changed, keys) = next.changes(since: running)
        var surplus = 0
        let policiesChanged = fresh.policies.source != loaded.policies.source
        if policiesChanged {
            changed.insert(.policies, at: 0)
            surplus = shared.ledger.apply(fresh.policies, now: reactor.sharedNow).surplus
        }
        let restartNeeded = fresh.settings.keysNeedingRestart(since: started)
        loaded = Loaded(
            settings: fresh.settings, policies: policiesChanged ? fresh.policies : loaded.policies)
        if changed.contains(.log) { writer.adopt(next.settings.log) }
        running = next
        for mailbox in shared.mailboxes { mailbox.post(.adopt(next)) }
        shared.record(
            .reload(
                .init(
                    generation: loaded.policies.generation,
                    policies: loaded.policies.policies.count, changed: changed, keys: keys,
                    surplus: surplus, restartNeeded: restartNeeded)))
        if surplus > 0, surplusTimer == nil {
            surplusTimer = reactor.schedule(self, at: reactor.now)
        }
    }

    private func recordReloadFailure(_ problems: [String]) {
        shared.record(
            .reloadFailed(
                .init(generation: loaded.policies.generation, problems: problems)))
    }
}

extension Control: TimerHandler {
    /// Lets the next surplus streams go. Nothing is queued: who is surplus is asked anew each time,
    /// so a limit that is raised again saves whoever is still there.
    func timerFired(now: Duration) -> Duration? {
        let (victims, hasMore) = shared.ledger.tick(now: reactor.sharedNow)
        for victim in victims {
            shared.record(.evict(.init(victim, cause: .reload, isObserved: false)))
            shared.close(victim)
        }
        guard hasMore else {
            surplusTimer = nil
            return nil
        }
        return now + Self.surplusInterval * Double.random(in: 0.5...1.5)
    }
}
