import Reactor

/// Whom a client's connection comes from, and how it came in.
struct ConnectedPeer {
    /// Address and port of the peer, for logs.
    let peer: String
    /// The address alone.
    let host: String
    /// Which listener of the settings it came to.
    let listener: Int
    let isEncrypted: Bool

    init(_ address: SocketAddress, listener: Int, isEncrypted: Bool) {
        peer = address.text
        host = address.host
        self.listener = listener
        self.isEncrypted = isEncrypted
    }
}
