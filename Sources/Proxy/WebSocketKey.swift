/// What a client of HTTP/1.1 sends so that a WebSocket's server shows that it understands
/// (RFC 6455, section 4.1). It is no secret.
enum WebSocketKey {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// 16 random bytes in Base64: 22 digits, of which the last holds two bits, and the padding.
    static func random() -> String {
        var text = (0..<21).map { _ in digits[Int.random(in: 0..<64)] }
        text.append(digits[Int.random(in: 0..<4) * 16])
        return String(decoding: text, as: UTF8.self) + "=="
    }
}
