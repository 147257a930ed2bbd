internal import Glibc

/// Somebody who owns a registered descriptor.
package protocol ReadinessHandler: AnyObject {
    /// The descriptor may be read or written again. Edge-triggered: it is said once, so the handler
    /// goes on until the system call would block, or asks for another turn with `Reactor.again`.
    func ready(_ readiness: Readiness)
}

/// One thread's event loop: descriptors, timers, and whoever asked for another turn.
///
/// Nothing in it may be touched from another thread; other threads post to a `Mailbox`.
package final class Reactor {
    private struct Slot {
        var handler: (any ReadinessHandler)?
        var generation: UInt32 = 0
    }

    private var poller: Poller
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var wheel: TimerWheel
    private var backlog: [(token: Registration, readiness: Readiness)] = []
    /// Whose registration ended in this turn; let go when nothing can refer to them any more.
    private var graveyard: [any ReadinessHandler] = []
    private var isStopping = false
    /// Time in which the process did not run (stopped, starved), kept out of `now`.
    private var timeLost = Duration.zero
    /// A wait that is overdue by more than this is not the scheduler's doing.
    private static let longestDelay = Duration.milliseconds(250)
    /// The longest wait while timers run, so that time in which the process was stopped is noticed.
    private static let longestWait: Int64 = 500

    /// When the current turn began. Monotonic, the same for everything that happens in the turn.
    package private(set) var now: Duration

    /// The same moment on the system's clock. It goes on while the process is stopped, and is the
    /// one that all reactors share.
    package var sharedNow: Duration { now + timeLost }

    package init() throws(SystemCallError) {
        poller = try Poller()
        now = Clock.monotonic()
        wheel = TimerWheel(now: now)
    }

    /// Registers a descriptor for reading and writing. It ends with `deregister`, before or after
    /// the descriptor is closed.
    package func register(
        _ rawValue: CInt, handler: any ReadinessHandler
    ) throws(SystemCallError) -> Registration {
        let slot = freeSlots.popLast() ?? UInt32(slots.count)
        if slot == slots.count { slots.append(Slot()) }
        let token = Registration(slot: slot, generation: slots[Int(slot)].generation)
        do {
            try poller.add(rawValue, token: token)
        } catch {
            freeSlots.append(slot)
            throw error
        }
        slots[Int(slot)].handler = handler
        return token
    }

    /// Gives a registration to another handler, which hears of everything from now on.
    package func hand(_ token: Registration, to handler: any ReadinessHandler) {
        guard let former = self.handler(of: token) else { return }
        graveyard.append(former)
        slots[Int(token.slot)].handler = handler
    }

    /// Ends a registration. Events for it that are still in hand reach nobody.
    package func deregister(_ token: Registration) {
        guard let handler = handler(of: token) else { return }
        graveyard.append(handler)
        slots[Int(token.slot)].handler = nil
        slots[Int(token.slot)].generation &+= 1
        freeSlots.append(token.slot)
    }

    /// Ends the registration of a descriptor that goes on in other hands, to be registered anew.
    package func withdraw(_ token: Registration, _ rawValue: CInt) {
        poller.remove(rawValue)
        deregister(token)
    }

    /// Hands `readiness` to the handler again in the next turn, after everybody else had theirs.
    package func again(_ token: Registration, _ readiness: Readiness) {
        backlog.append((token, readiness))
    }

    package func schedule(_ handler: any TimerHandler, at deadline: Duration) -> TimerID {
        wheel.schedule(handler, at: deadline)
    }

    /// Makes sure the timer fires no later than `deadline`.
    package func hasten(_ timer: TimerID, to deadline: Duration) {
        wheel.hasten(timer, to: deadline)
    }

    package func cancel(_ timer: TimerID) { wheel.cancel(timer) }

    /// Turns until somebody calls `stop`.
    package func run() {
        while !isStopping { turn() }
        // Whoever is still registered may hold the reactor in turn.
        slots = []
        backlog = []
        wheel = TimerWheel(now: now)
    }

    package func stop() { isStopping = true }

    /// One turn of the loop. The order is the contract: wait, read and write, time out, then bury.
    package func turn() {
        let deferred = backlog
        backlog = []
        let start = Clock.monotonic()
        let timeout = timeout(hasBacklog: !deferred.isEmpty, at: start)
        let count = poller.wait(milliseconds: timeout)
        readClock(waitedFrom: start, atMost: timeout)
        for index in 0..<count {
            let event = poller.event(at: index)
            handler(of: event.token)?.ready(event.readiness)
        }
        for (token, readiness) in deferred { handler(of: token)?.ready(readiness) }
        expireTimers()  // After reading: data that has arrived beats the clock.
        graveyard.removeAll(keepingCapacity: true)  // Last: nothing in hand refers to them now.
    }

    private func expireTimers() {
        let now = now
        let due = wheel.takeDue(now: now)
        for entry in due {
            guard wheel.isLive(entry.id) else { continue }  // Ended by one that fired before it.
            wheel.settle(entry.id, next: entry.handler.timerFired(now: now))
        }
    }

    private func handler(of token: Registration) -> (any ReadinessHandler)? {
        let slot = Int(token.slot)
        guard slot < slots.count, slots[slot].generation == token.generation else { return nil }
        return slots[slot].handler
    }

    /// Milliseconds until the next look at the timers, -1 for as long as it takes.
    private func timeout(hasBacklog: Bool, at time: Duration) -> CInt {
        if hasBacklog { return 0 }
        guard let next = wheel.nextLook() else { return -1 }
        let wait = (next - (time - timeLost)).wholeMilliseconds + 1
        return CInt(clamping: min(max(0, wait), Self.longestWait))
    }

    /// Reads the clock for this turn. A wait that was much longer than asked for means SIGSTOP or a
    /// suspend. That time is not held against anybody: no deadline runs out merely because nobody
    /// could be heard. Our own work is never left out.
    private func readClock(waitedFrom start: Duration, atMost timeout: CInt) {
        let time = Clock.monotonic()
        let overdue = time - start - .milliseconds(Int64(timeout))
        if timeout >= 0, overdue > Self.longestDelay { timeLost += overdue }
        now = time - timeLost
    }
}
