/// One step of a response that is sent by hand, byte for byte.
enum ScriptStep {
    case send([UInt8])
    case wait(Duration)
    /// Closes properly, from the gateway's side alone.
    case finish
    case reset
    /// Holds the connection open and never says anything more.
    case hang

    static func text(_ text: String) -> ScriptStep { .send(Array(text.utf8)) }
}

/// Everything that a gateway can do wrong, by path: `/misbehave/NAME`.
enum Misbehaviour {
    static let prefix = "/misbehave/"

    /// What is done for `name`, `nil` for a name that does not exist.
    static func script(_ name: Substring) -> [ScriptStep]? {
        beforeHead(name) ?? brokenHead(name) ?? afterHead(name) ?? oddButLegal(name)
    }

    /// Time for the peer to read what was sent, before the connection breaks.
    private static let moment = ScriptStep.wait(.milliseconds(50))
    private static let chunkedHead = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    private static let streamHead =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

    private static func beforeHead(_ name: Substring) -> [ScriptStep]? {
        switch name {
        case "silent": [.hang]
        case "rst-before-head": [.reset]
        case "fin-before-head": [.finish]
        case "fin-mid-head": [.text("HTTP/1.1 200 OK\r\ncontent-ty"), moment, .finish]
        case "rst-mid-head": [.text("HTTP/1.1 200 OK\r\ncontent-ty"), moment, .reset]
        case "slow-head": slowly("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        case "endless-head":
            [.text("HTTP/1.1 200 OK\r\n")]
                + (0..<16).map { .text("x-\($0): \(String(repeating: "x", count: 65_536))\r\n") }
                + [.hang]
        case _: nil
        }
    }

    private static func brokenHead(_ name: Substring) -> [ScriptStep]? {
        let text: String? =
            switch name {
            case "bad-status-line": "HTTP/1.1 abc Nonsense\r\n\r\n"
            case "no-http": "ICY 200 OK\r\n\r\n"
            case "bad-length": "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"
            case "two-lengths":
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok"
            case "both-lengths":
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok"
            case "bare-lf": "HTTP/1.1 200 OK\ncontent-length: 2\n\nok"
            case "nul-in-field": "HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 2\r\n\r\nok"
            case "folded-field": "HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\ncontent-length: 2\r\n\r\nok"
            case "switching": "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"
            case "interim-flood": String(repeating: "HTTP/1.1 103 \r\n\r\n", count: 1000)
            case _: nil
            }
        return text.map { [.text($0), .hang] }
    }

    private static func afterHead(_ name: Substring) -> [ScriptStep]? {
        switch name {
        case "rst-after-head": [.text(chunkedHead), moment, .reset]
        case "fin-after-head": [.text(chunkedHead), moment, .finish]
        case "rst-mid-chunk": [.text(chunkedHead + "64\r\nhello"), moment, .reset]
        case "fin-mid-chunk": [.text(chunkedHead + "64\r\nhello"), moment, .finish]
        case "fin-before-last-chunk": [.text(chunkedHead + "5\r\nhello\r\n"), moment, .finish]
        case "negative-chunk":
            [.text(chunkedHead), moment, .text("-5\r\nhello\r\n0\r\n\r\n"), .hang]
        case "short-length":
            [.text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello"), moment, .finish]
        case "long-length":
            [.text("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello, and more"), .hang]
        case "second-response":
            [
                .text("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
                .text("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"), .hang,
            ]
        case "full-read": [.send(fullRead), .hang]
        case "stream-fin":
            [.text(streamHead + "9\r\ndata: 1\n\n\r\n64\r\ndata: ha"), moment, .finish]
        case "stream-rst":
            [.text(streamHead + "9\r\ndata: 1\n\n\r\n64\r\ndata: ha"), moment, .reset]
        case _: nil
        }
    }

    /// A response that fills one read of Sluice's to the last byte, and one more behind it that
    /// nobody has asked for: whoever stops after the first read does not see it.
    private static var fullRead: [UInt8] {
        let readBytes = 16_352
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 16310\r\n\r\n"
        let body = String(repeating: "a", count: 16_310)
        precondition(head.utf8.count + body.utf8.count == readBytes, "It fills no read.")
        return Array((head + body + "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil").utf8)
    }

    /// Not wrong, but seldom seen.
    private static func oddButLegal(_ name: Substring) -> [ScriptStep]? {
        switch name {
        case "http10": [.text("HTTP/1.0 200 OK\r\n\r\nuntil the end"), moment, .finish]
        case "http10-stream":
            [
                .text("HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n"),
                moment, .finish,
            ]
        case "gzip-stream":
            [
                .text(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                        + "content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"
                        + "5\r\nxxxxx\r\n"), .hang,
            ]
        case "stream-end": [.text(streamHead + "9\r\ndata: 1\n\n\r\n0\r\n\r\n"), .hang]
        case "empty-stream":
            [
                .text(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                        + "content-length: 0\r\n\r\n"), .hang,
            ]
        case "interim":
            [
                .text("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"), moment,
                .text("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), .hang,
            ]
        case "late-stream":
            [
                .wait(.milliseconds(700)),
                .text(streamHead + "c\r\ndata: late\n\n\r\n0\r\n\r\n"), .hang,
            ]
        case "half-event":
            [.text(streamHead + "15\r\ndata: whole\n\ndata: ha\r\n"), .hang]
        case "late":
            [.wait(.milliseconds(300)), .text("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")]
        case _: nil
        }
    }

    private static func slowly(_ text: String) -> [ScriptStep] {
        text.utf8.flatMap { byte -> [ScriptStep] in [.send([byte]), .wait(.milliseconds(20))] }
    }
}
