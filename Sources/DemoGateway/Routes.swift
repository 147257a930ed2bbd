import HTTPModel

/// What the gateway does about a request.
enum Answering {
    case reply(Reply)
    /// So many bytes of ``DemoPattern``, with their length.
    case pattern(count: Int)
    case stream(StreamPlan)
    case script([ScriptStep])
    /// Closes without a word, as fechatter does with every preflight.
    case hangUp
}

/// A stream that is about to begin.
struct StreamPlan {
    let user: String
    /// Sent one after the other, each as a chunk; the stream ends after the last one.
    let pieces: [[UInt8]]?
    let pause: Duration
    /// What the client has seen already.
    let lastEventID: Int?
}

/// The body of a request, as far as anybody wants to know.
struct Upload {
    private(set) var checksum = Checksum()
    /// The beginning of it, for `/echo`.
    private(set) var bytes: [UInt8] = []
    private static let keptMax = 1_048_576

    mutating func add(_ piece: Span<UInt8>) {
        checksum.add(piece)
        guard bytes.count + piece.count <= Self.keptMax else { return }
        for index in 0..<piece.count { bytes.append(piece[index]) }
    }
}

/// The gateway's table of paths.
enum Routes {
    /// Answers once the whole request has been read.
    static func answer(_ request: RequestHead, _ upload: Upload) -> Answering {
        let path = request.target.path
        if request.method == .options { return .hangUp }
        if path.hasPrefix(Misbehaviour.prefix) {
            let name = path.dropFirst(Misbehaviour.prefix.count)
            return Misbehaviour.script(name).map(Answering.script) ?? notFound
        }
        if path.hasPrefix("/status/"), let status = Int(path.dropFirst(8)) {
            return .reply(bare(status))
        }
        if path.hasPrefix("/events") || path == "/v1/chat" { return stream(request) }
        return ordinary(request, upload)
    }

    private static func ordinary(_ request: RequestHead, _ upload: Upload) -> Answering {
        switch request.target.path {
        case "/hello": .reply(.json(200, #"{"hello":"world"}"#))
        case "/chunked":
            .reply(
                Reply(
                    status: 200, fields: [("content-type", "text/plain")],
                    body: .chunks((1...10).map { Array("piece \($0)\n".utf8) })))
        case "/big": .pattern(count: request.number("bytes") ?? 1_000_000)
        case "/upload":
            .reply(
                .json(
                    200,
                    #"{"count":\#(upload.checksum.count),"#
                        + #""checksum":"\#(String(upload.checksum.value, radix: 16))"}"#))
        case "/echo":
            .reply(
                Reply(
                    status: 200, fields: [("content-type", "application/octet-stream")],
                    body: .whole(upload.bytes)))
        case "/hop-by-hop":
            .reply(
                Reply(
                    status: 200,
                    fields: [
                        ("connection", "x-private"), ("x-private", "1"), ("keep-alive", "9"),
                        ("x-public", "2"),
                    ], body: .whole(Array("ok".utf8))))
        case _: notFound
        }
    }

    /// A status without a body where it may not have one, with a short one where it may.
    private static func bare(_ status: Int) -> Reply {
        guard status >= 200, status != 204, status != 304 else {
            return Reply(status: status, fields: [], body: .none)
        }
        return .json(status, #"{"status":\#(status)}"#)
    }

    private static let notFound = Answering.reply(.json(404, #"{"error":"not found"}"#))

    private static func stream(_ request: RequestHead) -> Answering {
        guard let token = request.token, let user = DemoToken.user(of: token) else {
            return .reply(.text(401, "who are you?\n"))
        }
        if request.method == .head {
            return .reply(
                Reply(status: 200, fields: [("content-type", "text/event-stream")], body: .none))
        }
        guard request.method == .post else {
            return .stream(
                StreamPlan(
                    user: user, pieces: nil, pause: .zero,
                    lastEventID: request.fields.first(.lastEventID).flatMap(Int.init)))
        }
        let words = (1...max(1, request.number("events") ?? 5)).map { number in
            Array("data: {\"token\":\"word \(number)\"}\n\n".utf8)
        }
        return .stream(
            StreamPlan(
                user: user, pieces: words + [Array("data: [DONE]\n\n".utf8)],
                pause: .milliseconds(request.number("pause_ms") ?? 0), lastEventID: nil))
    }
}

extension RequestHead {
    /// The token, where fechatter looks for it and where others do.
    fileprivate var token: String? {
        if let token = parameter("access_token") { return token }
        guard let value = fields.first(.authorization), value.hasPrefix("Bearer ") else {
            return nil
        }
        return String(value.dropFirst(7))
    }

    fileprivate func number(_ name: String) -> Int? { parameter(name).flatMap(Int.init) }

    /// The first value of that name in the query, as it was written.
    private func parameter(_ name: String) -> String? {
        for pair in (target.query ?? "").split(separator: "&") where pair.hasPrefix(name + "=") {
            return String(pair.dropFirst(name.utf8.count + 1))
        }
        return nil
    }
}
