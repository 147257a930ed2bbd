private import COpenSSL

/// How much a peer may send that carries no data: handshakes, key updates, alerts, padding.
///
/// OpenSSL's read goes on for as long as the socket has records without data in them, so a peer that
/// sends key updates without end would keep a worker to itself, inside one call (T10). It also holds
/// a ClientHello of up to 128 KiB (T04). Both end here: beyond ``handshakeBytesMax`` since the session
/// began, or ``idleBytesMax`` since the last byte of data, no further read is made. The read that
/// crosses the mark may bring one record more.
///
/// The mark is the place in the byte stream up to which may be read. It lives in the socket BIO's
/// callback argument, as a number that is never followed as a pointer, so it costs no memory and a
/// comparison per read.
@safe struct ReadAllowance {
    /// A handshake takes a tenth of it.
    static let handshakeBytesMax: UInt64 = 65_536
    /// More than the largest record, which is read before any of its data can be handed out.
    static let idleBytesMax: UInt64 = 24_576

    private let session: OpaquePointer

    /// Watches the socket of `session`, which outlives this value: a `TLSSession` owns both.
    init(for session: OpaquePointer) {
        unsafe self.session = session
        unsafe BIO_set_callback_ex(SSL_get_rbio(session), onSourceOperation)
        set(Self.handshakeBytesMax)
    }

    /// The handshake is done, or data has come: the peer may send as much again.
    func renew() { set(Self.idleBytesMax) }

    private func set(_ bytesMax: UInt64) {
        // SAFETY: the owner of the session is alive while it calls this.
        guard let source = unsafe SSL_get_rbio(session) else { return }
        let mark = unsafe UInt(BIO_number_read(source) + bytesMax)
        unsafe BIO_set_callback_arg(source, UnsafeMutablePointer(bitPattern: mark))
    }

    /// Whether the last read came to an end here and not at the kernel's.
    var isSpent: Bool {
        // SAFETY: as above.
        unsafe SSL_get_rbio(session).map { unsafe !mayRead($0) } ?? false
    }
}

private func mayRead(_ source: OpaquePointer) -> Bool {
    // SAFETY: the caller has the source in hand; the argument is only ever taken as a number.
    let mark = unsafe UInt64(UInt(bitPattern: BIO_get_callback_arg(source)))
    return unsafe BIO_number_read(source) < mark
}

/// Called before and after each operation of the socket BIO. Before: positive lets it happen.
/// After: what the operation came to, to be handed on.
private func onSourceOperation(
    source: OpaquePointer?, operation: CInt, _: UnsafePointer<CChar>?, _: Int, _: CInt, _: Int,
    result: CInt, _: UnsafeMutablePointer<Int>?
) -> Int {
    guard operation & BIO_CB_RETURN == 0 else { return Int(result) }
    guard operation == BIO_CB_READ, let source = unsafe source, unsafe !mayRead(source) else {
        return 1
    }
    // "Would block", so that nothing is broken and the session can still say what it was.
    unsafe BIO_set_flags(source, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
    return -1
}
