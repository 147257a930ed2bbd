import Identity
import Reactor
import TLS

/// Whom a client's connection comes from, and how it came in.
struct ConnectedPeer {
    /// Address and port of the peer, for logs.
    let peer: String
    /// The address alone.
    let host: String
    /// Which listener it came to, and where it is counted.
    let place: Place
    let isEncrypted: Bool
    /// The name in the client's certificate, where the listener has verified one.
    var certificateName: String?
    /// What our certificate stands for, where the listener has several.
    var certificateScope: CertificateScope?

    /// As whose doing it counts where one client must not stand for many.
    var network: Int { ClientNetwork.text(of: host).hashValue }

    init(_ address: SocketAddress, at place: Place, isEncrypted: Bool) {
        peer = address.text
        host = address.host
        self.place = place
        self.isEncrypted = isEncrypted
    }
}
