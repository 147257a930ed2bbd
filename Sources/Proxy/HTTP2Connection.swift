import Reactor

final class HTTP2Connection: ClientConnection {
    func begin() {}
}
