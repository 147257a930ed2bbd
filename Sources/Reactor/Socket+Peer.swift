internal import CLinux
internal import Glibc

/// Whether there is still somebody at the other end.
extension Socket {
    /// Has the kernel give a peer up that has acknowledged nothing for `patience`: neither what was
    /// sent nor, on a silent connection, the probes that the kernel sends from half that time on
    /// (tcp(7), TCP_USER_TIMEOUT). A peer that answers probes and takes no data counts as gone, too.
    ///
    /// Does nothing to a unix socket, whose peer cannot vanish.
    package func giveUpPeer(after patience: Duration) {
        let milliseconds = Int32(clamping: patience.wholeMilliseconds)
        let seconds = Int32(clamping: patience.components.seconds)
        _ = clinux_set_option(rawValue, SOL_SOCKET, SO_KEEPALIVE, 1)
        _ = clinux_set_option(rawValue, CInt(IPPROTO_TCP), TCP_KEEPIDLE, max(1, seconds / 2))
        _ = clinux_set_option(rawValue, CInt(IPPROTO_TCP), TCP_KEEPINTVL, max(1, seconds / 6))
        _ = clinux_set_option(rawValue, CInt(IPPROTO_TCP), TCP_KEEPCNT, 3)
        _ = clinux_set_option(rawValue, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, max(1, milliseconds))
    }
}

/// What TCP has heard of a peer.
package enum PeerSign: Sendable {
    /// It acknowledges what it is sent, or there was nothing to acknowledge.
    case heard
    /// It has let a retransmission, two probes or a whole second pass without a word.
    case silent

    private static let silenceMax: UInt32 = 1000

    /// Asks the kernel about a connected socket. One that is no TCP socket has been heard.
    package init(of rawValue: CInt) {
        var state = clinux_tcp_state()
        // SAFETY: the call fills the structure it is lent, and keeps nothing.
        guard unsafe clinux_tcp_state(rawValue, &state) == 0 else {
            self = .heard
            return
        }
        // Of a connection that was quiet until just now, the last word may be old as well.
        let isOverdue =
            state.unacknowledged > 0 && state.silence_ms > Self.silenceMax
            && state.idle_ms > Self.silenceMax
        self = isOverdue || state.retransmits > 0 || state.probes > 1 ? .silent : .heard
    }
}
