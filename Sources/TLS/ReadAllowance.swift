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
///
/// A handshake that ends here ends with an alert (RFC 8446, section 6.2). OpenSSL has no call for one,
/// so either we write it, while everything is in the clear, or OpenSSL is given to read what it must
/// refuse, and seals the alert itself.
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

    /// Ends a handshake that is beyond its mark with an alert. Nothing is asked of the session after it.
    func refuseHandshake() {
        if sendsInTheClear {
            let alert = Self.illegalParameter
            // SAFETY: as above; the socket is written to as OpenSSL itself would.
            _ = unsafe SSL_get_wbio(session).map { unsafe BIO_write($0, alert, CInt(alert.count)) }
        } else if let source = unsafe SSL_get_rbio(session) {
            unsafe BIO_set_callback_arg(source, UnsafeMutablePointer(bitPattern: nonsenseMark))
            _ = unsafe SSL_do_handshake(session)
            ErrorQueue.clear()
        }
    }

    /// Whether nothing that we have sent was sealed: before a hello is answered, and in TLS 1.2 until
    /// the very end, unless a session is resumed.
    private var sendsInTheClear: Bool {
        // SAFETY: as above.
        let state = unsafe SSL_get_state(session)
        if state == TLS_ST_BEFORE || state == TLS_ST_SR_CLNT_HELLO { return true }
        return unsafe SSL_version(session) <= TLS1_2_VERSION && SSL_session_reused(session) == 0
    }

    /// A fatal alert in the clear. It is what OpenSSL says of a message that is too long for it.
    private static let illegalParameter: [UInt8] = [21, 3, 3, 0, 2, 2, 47]

    /// Whether the last read came to an end here and not at the kernel's.
    var isSpent: Bool {
        // SAFETY: as above.
        unsafe SSL_get_rbio(session).map { unsafe !mayRead($0) } ?? false
    }
}

/// In the place of a mark: what is read is replaced by what no peer may send.
private let nonsenseMark: UInt = 1

private func mark(of source: OpaquePointer) -> UInt {
    // SAFETY: the caller has the source in hand; the argument is only ever taken as a number.
    unsafe UInt(bitPattern: BIO_get_callback_arg(source))
}

private func mayRead(_ source: OpaquePointer) -> Bool {
    unsafe BIO_number_read(source) < UInt64(mark(of: source))
}

/// Called before and after each operation of the socket BIO. Before: positive lets it happen.
/// After: what the operation came to, to be handed on.
private func onSourceOperation(
    source: OpaquePointer?, operation: CInt, bytes: UnsafePointer<CChar>?, length: Int, _: CInt,
    _: Int, result: CInt, processed: UnsafeMutablePointer<Int>?
) -> Int {
    let isAfter = operation & BIO_CB_RETURN != 0
    guard operation & ~BIO_CB_RETURN == BIO_CB_READ, let source = unsafe source else {
        return isAfter ? Int(result) : 1
    }
    if unsafe mark(of: source) == nonsenseMark {
        return isAfter ? unsafe talkNonsense(bytes, length, processed) : 1
    }
    guard !isAfter else { return Int(result) }
    guard unsafe !mayRead(source) else { return 1 }
    // "Would block", so that nothing is broken and the session can still say what it was.
    unsafe BIO_set_flags(source, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
    return -1
}

/// Fills what was read with the headers of records that are too long: a sealed record in progress is
/// broken by them, and behind a whole one they are what they are.
private func talkNonsense(
    _ bytes: UnsafePointer<CChar>?, _ length: Int, _ processed: UnsafeMutablePointer<Int>?
) -> Int {
    guard let bytes = unsafe bytes, let processed = unsafe processed, length > 0 else { return -1 }
    let header: InlineArray<5, CChar> = [23, 3, 3, -1, -1]
    // SAFETY: it is the buffer of the read that is under way, of that length.
    let space = unsafe UnsafeMutableBufferPointer(
        start: UnsafeMutablePointer(mutating: bytes), count: length)
    for index in 0..<length { unsafe space[index] = header[index % 5] }
    unsafe processed.pointee = length
    return 1
}
