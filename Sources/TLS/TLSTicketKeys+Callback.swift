private import COpenSSL

extension ContextHandle {
    /// Seals and opens this context's tickets with `keys`. Whoever owns the context must keep the
    /// keys alive for as long as any session made from it: `TLSSession` holds on to both.
    func useTickets(of keys: TLSTicketKeys) throws(TLSSetupError) {
        ErrorQueue.clear()
        let reference = unsafe Unmanaged.passUnretained(keys).toOpaque()
        // SAFETY: slot 0 is the application's own, and only the callback below reads it.
        guard unsafe SSL_CTX_set_ex_data(pointer, 0, reference) == 1,
            unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer, onTicketKey) == 1,
            unsafe SSL_CTX_set_num_tickets(pointer, 1) == 1,  // A second one costs and is unused.
            unsafe SSL_CTX_set_max_early_data(pointer, 0) == 1  // Replayable, so never offered.
        else {
            throw TLSSetupError("OpenSSL refuses our ticket keys: \(ErrorQueue.takeReason())")
        }
        unsafe SSL_CTX_set_timeout(pointer, TLSTicketKeys.lifetimeSeconds)
    }
}

/// What the callback may answer (`SSL_CTX_set_tlsext_ticket_key_evp_cb(3)`).
private enum TicketAnswer {
    static let failed: CInt = -1
    /// The ticket is not ours: make a full handshake, and give a new ticket.
    static let unknown: CInt = 0
    static let accepted: CInt = 1
    /// The ticket is good, and the client gets a new one.
    static let acceptedRenewing: CInt = 2
}

/// OpenSSL asks for the key to seal a ticket with, or for the one that opens a client's ticket.
private func onTicketKey(
    session: OpaquePointer?, name: UnsafeMutablePointer<UInt8>?, iv: UnsafeMutablePointer<UInt8>?,
    cipher: OpaquePointer?, mac: OpaquePointer?, isSealing: CInt
) -> CInt {
    guard let session = unsafe session, let name = unsafe name, let iv = unsafe iv,
        let cipher = unsafe cipher, let mac = unsafe mac,
        let context = unsafe SSL_get_SSL_CTX(session),
        let reference = unsafe SSL_CTX_get_ex_data(context, 0)
    else { return TicketAnswer.failed }
    // SAFETY: `useTickets(of:)` put the keys there, and its caller keeps them alive.
    let keys = unsafe Unmanaged<TLSTicketKeys>.fromOpaque(reference).takeUnretainedValue()
    // SAFETY: OpenSSL documents the sizes of both: 16 bytes each.
    let request = unsafe TicketRequest(
        name: UnsafeMutableBufferPointer(start: name, count: TicketKey.nameLength),
        iv: UnsafeMutableBufferPointer(start: iv, count: Int(EVP_MAX_IV_LENGTH)),
        cipher: cipher, mac: mac)
    return isSealing == 1
        ? request.seal(with: keys.current)
        : request.open(
            with: keys, alwaysRenews: unsafe SSL_version(session) == TLS1_3_VERSION)
}

/// What OpenSSL lends the callback for one ticket.
@safe private struct TicketRequest {
    let name: UnsafeMutableBufferPointer<UInt8>
    let iv: UnsafeMutableBufferPointer<UInt8>
    let cipher: OpaquePointer
    let mac: OpaquePointer

    func seal(with key: TicketKey) -> CInt {
        // SAFETY: the key arrays have the lengths that AES-256 asks for; the buffers those above.
        guard unsafe RAND_bytes(iv.baseAddress, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1,
            unsafe EVP_EncryptInit_ex2(
                cipher, EVP_aes_256_cbc(), key.encryption, iv.baseAddress, nil) == 1,
            authenticate(with: key)
        else { return TicketAnswer.failed }
        _ = unsafe name.update(fromContentsOf: key.name)
        return TicketAnswer.accepted
    }

    /// In TLS 1.3 every ticket is used once, so that two connections cannot be told to be one
    /// client's (RFC 8446, appendix C.4).
    func open(with keys: TLSTicketKeys, alwaysRenews: Bool) -> CInt {
        guard let (key, isCurrent) = unsafe keys.find(name.span) else {
            return TicketAnswer.unknown
        }
        // SAFETY: as above.
        guard authenticate(with: key),
            unsafe EVP_DecryptInit_ex2(
                cipher, EVP_aes_256_cbc(), key.encryption, iv.baseAddress, nil) == 1
        else { return TicketAnswer.failed }
        return isCurrent && !alwaysRenews ? TicketAnswer.accepted : TicketAnswer.acceptedRenewing
    }

    private func authenticate(with key: TicketKey) -> Bool {
        // SAFETY: the array lends all of its bytes for the call, which copies them.
        unsafe sluice_use_hmac_sha256(mac, key.authentication, key.authentication.count) == 1
    }
}
