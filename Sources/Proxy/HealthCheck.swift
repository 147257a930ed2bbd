import HTTP1
import HTTPModel
import Reactor
import Settings
import TLS

/// One question to one gateway: whether it is well.
final class HealthCheck {
    let endpoint: GatewayEndpoint
    private let shared: Shared
    private let running: Running
    private let reactor: Reactor
    private let deadline: Duration
    private let request: [UInt8]
    private var transport: Transport?
    private var registration: Registration?
    private var timer: TimerID?
    private var isConnected = false
    private var isAsked = false
    private var answer: [UInt8] = []

    private(set) var isOver = false
    /// Whether a unix socket had no room for the connection so far.
    private var awaitsRoom = false

    /// More than any status line needs.
    private static let answerBytesMax = 1024

    init(
        of endpoint: GatewayEndpoint, path: String, shared: Shared, running: Running,
        reactor: Reactor
    ) {
        self.endpoint = endpoint
        self.shared = shared
        self.running = running
        self.reactor = reactor
        deadline = reactor.now + running.settings.gateway.health.timeout
        let host = endpoint.settings.host ?? "localhost"
        request = Array(
            "GET \(path) HTTP/1.1\r\nhost: \(host)\r\nconnection: close\r\n\r\n".utf8)
        connect()
    }

    private func connect() {
        guard let address = endpoint.addresses.first else { return end() }
        do {
            let transport = try Transport(
                connectingTo: GatewayDestination(endpoint: endpoint, address: address))
            let descriptor = transport.rawValue
            self.transport = consume transport
            registration = try reactor.register(descriptor, handler: self)
            awaitsRoom = false
        } catch let error as SystemCallError where error.isBacklogFull {
            awaitsRoom = true
        } catch let error as SystemCallError where !error.isExhaustion {
            return finish("cannot connect: \(error.message)")
        } catch {
            // What we are short of ourselves says nothing of the gateway.
            return end()
        }
        if timer == nil { timer = reactor.schedule(self, at: nextLook) }
    }

    /// A full backlog of a unix socket is asked again now and then.
    private var nextLook: Duration {
        awaitsRoom ? min(deadline, reactor.now + Self.roomInterval) : deadline
    }

    private static let roomInterval = Duration.milliseconds(20)

    /// - Parameter problem: `nil` when it is well.
    private func finish(_ problem: String?) {
        end()
        let change =
            problem == nil
            ? endpoint.noteSuccess(now: reactor.sharedNow)
            : endpoint.noteConnectFailure(
                now: reactor.sharedNow, running.settings.gateway.health)
        shared.record(change, of: endpoint, cause: problem)
    }

    private func end() {
        isOver = true
        if let registration { reactor.deregister(registration) }
        if let timer { reactor.cancel(timer) }
        (registration, timer) = (nil, nil)
        transport?.close()
        transport = nil
    }

    private func ask() {
        guard !isAsked else { return }
        isAsked = true
        // A new connection has room for it.
        let request = request
        _ = transport?.send(request.span)
    }

    private func listen() {
        let buffer = IOBuffer(capacity: Self.answerBytesMax)
        while true {
            switch transport?.receive(into: buffer, 0..<buffer.capacity) {
            case .bytes(let count):
                let bytes = buffer.bytes(0..<count)
                for index in bytes.indices { answer.append(bytes[index]) }
                if answer.count >= Self.statusLineBytes || answer.count >= Self.answerBytesMax {
                    return judge()
                }
            case .wouldBlock: return
            case .ended, .cut, .failed: return finish("it closed without an answer")
            case nil: return
            }
        }
    }

    /// `HTTP/1.1 200`
    private static let statusLineBytes = 12

    private func judge() {
        let line = String(decoding: answer.prefix(Self.statusLineBytes), as: UTF8.self)
        let words = line.split(separator: " ")
        guard words.count == 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            return finish("its answer is no HTTP")
        }
        finish((200...399).contains(status) ? nil : "it answers \(status)")
    }
}

extension HealthCheck: ReadinessHandler {
    func ready(_ readiness: Readiness) {
        if !isConnected {
            if let error = transport?.connectionError() { return finish(error.message) }
            isConnected = true
        }
        switch transport?.handshake() {
        case .done:
            ask()
            listen()
        case .failed(let failure): finish("TLS: \(failure.reason)")
        case .wantsRead, .wantsWrite, nil: return
        }
    }
}

extension HealthCheck: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        guard deadline <= now else {
            if awaitsRoom { connect() }
            return isOver ? nil : nextLook
        }
        timer = nil
        finish("it does not answer in time")
        return nil
    }
}
