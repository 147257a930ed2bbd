import HTTP1
import HTTPModel
import Reactor

/// One connection of the gateway, on its thread: reads requests and performs what `Routes` says.
///
///     readingHead ──> readingBody ──> readingHead ...     (a reply fits into memory)
///                          └──> sending | streaming ──> readingHead or closed
final class DemoConnection {
    enum Phase {
        case readingHead(HeadFinder, [UInt8])
        case readingBody(RequestHead, BodyDecoder, Upload)
        /// The pattern, so many bytes of it still to go.
        case sending(offset: Int, end: Int)
        case streaming
        case performing(Script)
        case closed
    }

    /// A response that is sent by hand, and how far it got.
    struct Script {
        let steps: [ScriptStep]
        var position = 0
    }

    let loop: GatewayLoop
    let number: Int
    var stream: DemoStream?
    var socket: Socket
    var registration: Registration?
    private var timer: TimerID?
    var phase = Phase.readingHead(HeadFinder(), [])
    private var outbox: [UInt8] = []
    private var outboxStart = 0
    /// Whether the connection ends once everything has left.
    var closesWhenSent = false

    init(_ socket: consuming Socket, number: Int, loop: GatewayLoop) throws(SystemCallError) {
        self.loop = loop
        self.number = number
        self.socket = socket
        registration = try loop.reactor.register(self.socket.rawValue, handler: self)
    }

    var now: Duration { loop.reactor.now }

    /// Bytes that the client has not taken yet.
    var unsentCount: Int { outbox.count - outboxStart }

    // MARK: Sending

    func send(_ bytes: [UInt8]) {
        outbox += bytes
        flush()
    }

    private func flush() {
        let waiting = outbox
        while outboxStart < waiting.count {
            switch socket.write(waiting.span.extracting(outboxStart..<waiting.count)) {
            case .bytes(let count): outboxStart += count
            case .wouldBlock: return
            case .failed: return close()
            }
        }
        (outbox, outboxStart) = ([], 0)
        if closesWhenSent { return close() }
        continueSending()
    }

    private func continueSending() {
        switch phase {
        case .sending: sendPattern()
        case .streaming, .performing, .readingHead, .readingBody, .closed: return
        }
    }

    /// Sends the pattern from where it stands, out of the one block that everybody shares.
    private func sendPattern() {
        guard case .sending(var offset, let end) = phase else { return }
        let block = DemoPattern.block
        while offset < end {
            let start = offset % DemoPattern.period
            let stop = min(DemoPattern.period, start + end - offset)
            switch socket.write(block.span.extracting(start..<stop)) {
            case .bytes(let count): offset += count
            case .wouldBlock:
                phase = .sending(offset: offset, end: end)
                return
            case .failed: return close()
            }
        }
        responseEnded()
    }

    func responseEnded() {
        phase = .readingHead(HeadFinder(), [])
        if closesWhenSent, outbox.isEmpty { close() }
    }

    // MARK: The stream

    /// The stream has said everything.
    func streamEnded() {
        forgetStream()
        responseEnded()
    }

    private func forgetStream() {
        if let stream { loop.remove(stream) }
        stream = nil
        cancelTimer()
    }

    // MARK: Scripts

    func perform() {
        while case .performing(var script) = phase {
            guard script.position < script.steps.count else {
                return phase = .readingHead(HeadFinder(), [])
            }
            let step = script.steps[script.position]
            script.position += 1
            phase = .performing(script)
            switch step {
            case .send(let bytes): send(bytes)
            case .wait(let duration): return wake(at: now + duration)
            case .finish: return close()
            case .reset: return reset()
            case .hang: return
            }
        }
    }

    // MARK: Time

    func wake(at deadline: Duration) {
        cancelTimer()
        timer = loop.reactor.schedule(self, at: deadline)
    }

    private func cancelTimer() {
        if let timer { loop.reactor.cancel(timer) }
        timer = nil
    }

    /// Asks for another turn, after everybody else had theirs.
    func anotherTurn() {
        if let registration { loop.reactor.again(registration, .writable) }
    }

    // MARK: Ending

    func reset() {
        socket.resetOnClose()
        close()
    }

    func close() {
        guard let registration else { return }
        self.registration = nil
        phase = .closed
        forgetStream()
        (outbox, outboxStart) = ([], 0)
        loop.reactor.deregister(registration)
        socket.close()
        loop.remove(self)
    }
}

extension DemoConnection: ReadinessHandler {
    func ready(_ readiness: Readiness) {
        if readiness.contains(.writable) {
            flush()
            if outbox.isEmpty { stream?.turn() }
        }
        if !readiness.isDisjoint(with: [.readable, .peerGone]) { receive() }
    }
}

extension DemoConnection: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        timer = nil
        if let stream {
            stream.turn()
        } else {
            perform()
        }
        return nil
    }
}
