import HTTP1
import HTTPModel
import Testing

/// A6: characters of Swift may hold a separator and what stands beside it, equal what is written in
/// other bytes, and have other letters than ASCII in two cases. Protocols know bytes.
@Suite("Bytes, not characters")
struct CharacterTests {
    /// Each of them makes one character with the byte behind it.
    private static let joiners = ["\u{600}", "\u{110BD}", "\u{6DD}", "\u{8E2}"]

    @Test("a mark before a comma hides no member of a list", arguments: joiners)
    func lists(joiner: String) throws {
        let request = try parseRequest(
            utf8: "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html\(joiner),text/event-stream\r\n"
                + "Cache-Control: x\(joiner), no-cache\r\n\r\n")

        #expect(request.asksForEventStream)
        #expect(request.fields.listMembers(.cacheControl) == ["x\(joiner)", "no-cache"])
    }

    @Test(
        "a mark behind a separator stands for itself",
        arguments: ["\u{301}", "\u{200D}", "\u{FE0F}"])
    func marks(mark: String) throws {
        let bytes = mark.utf8.map { String(UnicodeScalar($0)) }.joined()
        let head = try parseResponse(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream;\(bytes)x\r\n\r\n")
        let request = try parseRequest(
            utf8:
                "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html,\(mark) x, text/event-stream;\(mark)q=1\r\n\r\n"
        )

        #expect(head.isEventStream)
        #expect(request.asksForEventStream)
    }

    @Test(
        "only the letters of ASCII have two cases",
        arguments: [("websoc\u{212A}et", nil), ("WebSocket", "websocket")] as [(String, String?)])
    func cases(name: String, upgrade: String?) throws {
        let request = try parseRequest(
            utf8: "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: \(name)\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")

        #expect(request.upgrade == upgrade)
    }
}
