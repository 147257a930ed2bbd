private import COpenSSL

extension ContextHandle {
    /// Makes the context ask `server` for the certificate by name and for the protocol. The server
    /// owns the context, and every session holds on to the server, so it outlives all callbacks.
    func serve(_ server: TLSServerContext) throws(TLSSetupError) {
        let reference = unsafe Unmanaged.passUnretained(server).toOpaque()
        unsafe sluice_SSL_CTX_set_tlsext_servername_callback(pointer, onServerName, reference)
        if !server.protocols.isEmpty {
            unsafe SSL_CTX_set_alpn_select_cb(pointer, onProtocols, reference)
        }
        // Should a client send certificates, asked or not, this is all that we would hold.
        unsafe sluice_SSL_CTX_set_max_cert_list(
            pointer, server.verifiesClients ? ClientCertificateLimits.listBytesMax : 16_384)
        // The same for all contexts: a ticket is good whichever certificate it came with.
        let application = Array("sluice".utf8)
        unsafe SSL_CTX_set_session_id_context(pointer, application, UInt32(application.count))
        // Who shows a certificate shows it every time: no ticket outlives it or its authority.
        guard !server.verifiesClients else { return resumeNothing() }
        try useTickets(of: server.ticketKeys)
    }
}

/// The client has named a host, or none: switch to that host's certificate if there is one (T08).
/// OpenSSL itself has refused names with a NUL and names of more than 255 bytes.
private func onServerName(
    session: OpaquePointer?, _: UnsafeMutablePointer<CInt>?, reference: UnsafeMutableRawPointer?
) -> CInt {
    guard let session = unsafe session, let reference = unsafe reference,
        let text = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name)
    else { return SSL_TLSEXT_ERR_NOACK }
    // SAFETY: `serve(_:)` put the server there, which outlives the session.
    let server = unsafe Unmanaged<TLSServerContext>.fromOpaque(reference)
        .takeUnretainedValue()
    guard let name = unsafe HostName(String(cString: text).utf8, allowsWildcard: false),
        let context = server.context(for: name)
    else { return SSL_TLSEXT_ERR_NOACK }
    // SAFETY: the session takes a reference of its own.
    let isSet = unsafe SSL_set_SSL_CTX(session, context.pointer) != nil
    return isSet ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL
}

/// The client offers protocols: take the one we like best, or refuse with an alert (T07).
private func onProtocols(
    _: OpaquePointer?, out: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    outLength: UnsafeMutablePointer<UInt8>?, list: UnsafePointer<UInt8>?, length: CUnsignedInt,
    reference: UnsafeMutableRawPointer?
) -> CInt {
    guard let out = unsafe out, let outLength = unsafe outLength, let list = unsafe list,
        let reference = unsafe reference
    else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    // SAFETY: `serve(_:)` put the server there, which outlives the session.
    let server = unsafe Unmanaged<TLSServerContext>.fromOpaque(reference).takeUnretainedValue()
    // SAFETY: OpenSSL lends `length` bytes for the length of the call.
    let offered = unsafe UnsafeBufferPointer(start: list, count: Int(length))
    guard let choice = unsafe server.protocols.choice(in: offered.span) else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    // SAFETY: the choice lies within the list, and OpenSSL copies it on return.
    unsafe out.pointee = list + choice.lowerBound
    unsafe outLength.pointee = UInt8(choice.count)
    return SSL_TLSEXT_ERR_OK
}
