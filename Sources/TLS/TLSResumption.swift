private import COpenSSL

/// What a client keeps of a session in order to resume it: the ticket and its secret.
///
/// `@unchecked Sendable`: an `SSL_SESSION` is reference counted and is not changed once it is taken.
@safe package final class TLSResumption: @unchecked Sendable {
    /// For the calls of this module that hand it to OpenSSL while `self` is alive.
    let pointer: OpaquePointer

    fileprivate init(adopting pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit {
        // SAFETY: we own one reference, and this is the only place that gives it up.
        unsafe SSL_SESSION_free(pointer)
    }
}

extension TLSSession {
    /// What to resume this session with, once the server has sent a ticket. In TLS 1.3 that comes
    /// after the handshake, so something must have been read by then.
    package var resumption: TLSResumption? {
        // A copy: OpenSSL spoils the original if this session ends without a close_notify.
        // SAFETY: `self` owns the session that is copied; the copy is ours.
        guard let original = unsafe SSL_get_session(session),
            let pointer = unsafe SSL_SESSION_dup(original)
        else { return nil }
        guard unsafe SSL_SESSION_is_resumable(pointer) == 1 else {
            unsafe SSL_SESSION_free(pointer)
            return nil
        }
        return unsafe TLSResumption(adopting: pointer)
    }
}
