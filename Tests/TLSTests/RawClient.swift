import COpenSSL
import Testing

@testable import TLS

/// A client on bare OpenSSL, for what our own would never do, with the server it talks to.
struct RawClient: ~Copyable {
    var server: TLSSession
    let sockets: SocketPair
    private let context: OpaquePointer
    private let session: OpaquePointer

    init(
        _ serverContext: TLSServerContext, serverName: String? = nil, version: CInt = 0,
        configure: (OpaquePointer) -> Void = { _ in }
    ) throws {
        let sockets = try SocketPair()
        let server = try TLSSession(accepting: serverContext, on: sockets.server)
        let context = try #require(SSL_CTX_new(TLS_client_method()))
        configure(context)
        if version != 0 {
            try #require(sluice_SSL_CTX_set_min_proto_version(context, version) == 1)
            try #require(sluice_SSL_CTX_set_max_proto_version(context, version) == 1)
        }
        let session = try #require(SSL_new(context))
        try #require(SSL_set_fd(session, sockets.client) == 1)
        SSL_set_connect_state(session)
        if let serverName {
            try #require(sluice_SSL_set_tlsext_host_name(session, serverName) == 1)
        }
        self.server = server
        self.sockets = sockets
        self.context = context
        self.session = session
    }

    deinit {
        ERR_clear_error()
        SSL_free(session)
        SSL_CTX_free(context)
    }

    /// Lets both ends go on in turn.
    mutating func shakeHands() -> Handshake {
        var end = Handshake.unfinished
        for _ in 0..<20 {
            ERR_clear_error()
            _ = SSL_do_handshake(session)
            if end == .unfinished { end = Handshake(server.handshake()) }
        }
        return end
    }

    mutating func connect() throws {
        let end = shakeHands()
        try #require(end == .done)
        try #require(SSL_is_init_finished(session) == 1)
    }

    /// The DNS names of the certificate that the server has shown.
    var peerCertificateNames: [String] {
        guard let pointer = SSL_get1_peer_certificate(session) else { return [] }
        let certificate = Certificate(adopting: pointer)
        return certificate.hostNames.map(\.text)
    }

    /// Asks for a new handshake on a TLS 1.2 connection, or goes on with it.
    ///
    /// - Returns: OpenSSL's reason for failing, or `nil` while the answer is awaited.
    func renegotiate() -> CInt? {
        ERR_clear_error()
        if SSL_renegotiate_pending(session) == 0 { _ = SSL_renegotiate(session) }
        _ = SSL_do_handshake(session)
        return ErrorQueue.takeOldest()?.reason
    }

    /// Sends one key update, and asks for one in return or not.
    func updateKey(requesting: Bool) -> Bool {
        ERR_clear_error()
        let kind = requesting ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED
        guard SSL_key_update(session, kind) == 1 else { return false }
        return SSL_do_handshake(session) == 1
    }

    func send(_ text: String) -> Bool {
        ERR_clear_error()
        return SSL_write(session, text, CInt(text.utf8.count)) == CInt(text.utf8.count)
    }

    func receive() -> String? {
        ERR_clear_error()
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = SSL_read(session, &bytes, CInt(bytes.count))
        return count > 0 ? String(decoding: bytes[..<Int(count)], as: UTF8.self) : nil
    }

    /// Sends close_notify.
    func sayGoodbye() {
        ERR_clear_error()
        _ = SSL_shutdown(session)
    }

    // MARK: Resumption

    /// What a later session may resume this one with. The caller frees it.
    var resumption: OpaquePointer? { SSL_get1_session(session) }

    /// Resumes an earlier session, and takes for granted that early data is welcome.
    func resume(_ earlier: OpaquePointer) throws {
        try #require(SSL_SESSION_set_max_early_data(earlier, 1000) == 1)
        try #require(SSL_set_session(session, earlier) == 1)
    }

    /// Sends data behind the first hello, before anybody has answered.
    func sendEarly(_ text: String) -> Bool {
        ERR_clear_error()
        var count = 0
        return SSL_write_early_data(session, text, text.utf8.count, &count) == 1
    }

    var earlyDataStatus: CInt { SSL_get_early_data_status(session) }
}
