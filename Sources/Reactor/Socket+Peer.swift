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
package struct PeerSign: Sendable {
    /// Whether it has let a retransmission, two probes or a whole second pass without a word.
    package let isSilent: Bool
    /// For how long the kernel is sure to have waited in vain for an answer. Zero until it has sent
    /// something a second time: nothing was to be heard of a connection that was quiet.
    package let silence: Duration

    package static let heard = PeerSign(isSilent: false, silence: .zero)
    private static let silenceMax: UInt32 = 1000

    private init(isSilent: Bool, silence: Duration) {
        self.isSilent = isSilent
        self.silence = silence
    }

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
        isSilent = isOverdue || state.retransmits > 0 || state.probes > 1
        silence = .milliseconds(Int64(state.waitedInVain))
    }
}

extension clinux_tcp_state {
    /// How many milliseconds the kernel has waited for an answer, at least.
    fileprivate var waitedInVain: UInt32 {
        if retransmits > 0 {
            // Each time it waited twice as long as before, and `idle_ms` since the last time.
            let earlier = timeout_ms - (timeout_ms >> min(backoff, 31))
            return min(earlier &+ idle_ms, silence_ms)
        }
        guard probes > 0 else { return 0 }
        // Probes of a quiet connection begin after a time of their own (tcp(7), TCP_KEEPIDLE).
        if unsent == 0 { return silence_ms > keep_idle_ms ? silence_ms - keep_idle_ms : 0 }
        // Those of a closed window began no later than one part of so many ago.
        return silence_ms / probes * (probes - 1)
    }
}
