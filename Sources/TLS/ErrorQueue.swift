private import COpenSSL

/// One entry of OpenSSL's error queue.
struct OpenSSLError {
    let code: UInt

    /// The number that the library gave to this reason, such as `SSL_R_HTTP_REQUEST`.
    var reason: CInt { ERR_GET_REASON(code) }

    var isFromTLS: Bool { ERR_GET_LIB(code) == ERR_LIB_SSL }
    var isFromPEM: Bool { ERR_GET_LIB(code) == ERR_LIB_PEM }

    /// OpenSSL's own short words, such as `no shared cipher`.
    var text: String {
        // SAFETY: the strings are constants of the library; for an unknown code there is none.
        guard let text = unsafe ERR_reason_error_string(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}

/// OpenSSL's error queue. There is one per thread, so what one session leaves behind would be read
/// as the failure of the next one on the same worker (T19). Hence the rule: clear before each call,
/// take its cause once after it. The oldest entry is the cause; the rest are its echoes.
enum ErrorQueue {
    static func clear() { ERR_clear_error() }

    /// The cause of the failure just seen, or `nil` if OpenSSL names none. Empties the queue.
    static func takeOldest() -> OpenSSLError? {
        let code = ERR_get_error()
        ERR_clear_error()
        return code == 0 ? nil : OpenSSLError(code: code)
    }

    /// The oldest entry of TLS itself, or else the oldest of all. Under a record that is forged,
    /// TLS 1.2 puts the cipher's complaint first, which names no cause.
    static func takeOldestFromTLS() -> OpenSSLError? {
        defer { ERR_clear_error() }
        var oldest: OpenSSLError?
        while case let code = ERR_get_error(), code != 0 {  // It holds 16 entries at most.
            let error = OpenSSLError(code: code)
            if error.isFromTLS { return error }
            oldest = oldest ?? error
        }
        return oldest
    }

    /// The oldest as words, for messages about files and settings.
    static func takeReason() -> String { takeOldest()?.text ?? "OpenSSL gives no reason" }
}
