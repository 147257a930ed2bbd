import Reactor

/// What other threads tell the control reactor.
enum ControlMessage: Sendable {
    case workerStarted
    case workerFailed(SystemCallError)
    case workerStopped
    case reloaded(Result<Reloaded, LoadFailure>)
    /// Names of gateways were looked up.
    case resolved
}

/// What a reload has read and found valid.
struct Reloaded: Sendable {
    let loaded: Loaded
    let running: Running
}

/// A worker's socket of one listener of the settings.
struct BoundSocket: Sendable {
    let listener: Int
    let descriptor: CInt
    /// Of a unix socket, which goes with it.
    let file: SocketFile?
}

/// A thread with a worker on it. The worker is made there, so that nothing of it is ever seen by
/// another thread.
struct WorkerThread {
    private let thread: Thread

    init(
        index: Int, shared: Shared, running: Running, control: Mailbox<ControlMessage>,
        listeners: [BoundSocket]
    ) throws(SystemCallError) {
        thread = try Thread(name: "sluice-\(index)") {
            do throws(SystemCallError) {
                let worker = try Worker(
                    index: UInt32(index), shared: shared, running: running)
                try worker.start(listeners)
                control.post(.workerStarted)
                worker.reactor.run()
                worker.doubts.settleAll()
                control.post(.workerStopped)
            } catch {
                control.post(.workerFailed(error))
            }
        }
    }

    func join() { thread.join() }
}
