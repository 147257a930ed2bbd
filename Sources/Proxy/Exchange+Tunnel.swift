import HTTP1
import HTTPModel
import Identity
import Reactor
import Settings

/// The two directions of a tunnel.
struct Tunnel {
    /// Whether the client will send no more.
    var clientIsDone = false
    /// Whether the gateway will send no more.
    var gatewayIsDone = false
}

/// An exchange whose client and gateway go on with another protocol, such as WebSocket: bytes both
/// ways, each as fast as the other side takes them, and each direction ends by itself.
extension Exchange {
    var isTunnel: Bool {
        if case .tunnel = phase { true } else { false }
    }

    /// The key that the gateway wants of a WebSocket; one that came by HTTP/2 has none.
    var webSocketKey: String? {
        guard request.version == .http2, request.upgrade == "websocket" else { return nil }
        return WebSocketKey.random()
    }

    /// The gateway goes on with the protocol that the client has asked for.
    func gatewaySwitched(_ head: ResponseHead) {
        guard case .awaitingHead = phase, let name = request.upgrade else { return }
        phase = .tunnel(Tunnel())
        status = head.status
        requestID = head.shownRequestID
        requestIsComplete = false
        lastProgress = now
        forgetRequestFields()
        client.openTunnel(head, to: name)
        hasten(to: now + worker.running.settings.limits.tunnelIdleTimeout)
    }

    func relayTunnel(_ payload: Range<Int>, isLast: Bool) {
        guard case .tunnel(var tunnel) = phase else { return }
        lastProgress = now
        tunnel.gatewayIsDone = isLast
        phase = .tunnel(tunnel)
        sendBody(payload, isLast: isLast)
        endTunnelIfDone()
    }

    /// The client has said that it will send no more.
    func clientFinished() {
        guard case .tunnel(var tunnel) = phase else { return }
        lastProgress = now
        tunnel.clientIsDone = true
        phase = .tunnel(tunnel)
        requestIsComplete = true
        gateway?.finishSending()
        endTunnelIfDone()
    }

    private func endTunnelIfDone() {
        guard case .tunnel(let tunnel) = phase, tunnel.clientIsDone, tunnel.gatewayIsDone else {
            return
        }
        recordRequest()
        end(mayGoOn: false, isHurried: false)
    }
}
