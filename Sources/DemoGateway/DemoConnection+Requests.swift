import HTTP1
import HTTPModel
import Reactor

/// Reads requests, and begins the answer to each.
extension DemoConnection {
    func receive() {
        while registration != nil {
            let range = 0..<loop.buffer.capacity
            switch socket.read(into: loop.buffer, range) {
            case .bytes(let count): consume(0..<count)
            case .wouldBlock: return
            case .end: return clientEnded()
            case .failed: return close()
            }
        }
    }

    /// A client that ends its side is gone, as far as this gateway is concerned.
    private func clientEnded() { close() }

    private func consume(_ range: Range<Int>) {
        var rest = range
        while !rest.isEmpty {
            switch phase {
            case .readingHead: rest = consumeHead(rest)
            case .readingBody: rest = consumeBody(rest)
            case .sending, .streaming, .performing:
                // "Data after end of body": the request was over.
                return loop.profile.abortsOnExtraBytes ? close() : ()
            case .closed: return
            }
        }
    }

    private func consumeHead(_ range: Range<Int>) -> Range<Int> {
        guard case .readingHead(var finder, var head) = phase else { return range }
        let buffer = loop.buffer
        let bytes = buffer.bytes(range)
        do throws(HTTP1Error) {
            let end = try finder.scan(bytes, limits: HeadLimits())
            for index in 0..<(end ?? bytes.count) { head.append(bytes[index]) }
            guard let end else {
                phase = .readingHead(finder, head)
                return range.upperBound..<range.upperBound
            }
            let request = try RequestParser.parse(head.span, limits: HeadLimits())
            begin(request)
            return range.lowerBound + end..<range.upperBound
        } catch {
            closesWhenSent = true
            send(Reply.text(400, "\(error.reason)\n").serialize(answering: .get, closing: true))
            return range.upperBound..<range.upperBound
        }
    }

    private func begin(_ request: RequestHead) {
        loop.books.requestSeen(SeenRequest(request, connection: number))
        let decoder = BodyDecoder(request.framing)
        guard decoder.isComplete else {
            phase = .readingBody(request, decoder, Upload())
            if request.target.path == "/refuse-early" {
                closesWhenSent = true
                send(Reply.text(413, "too much\n").serialize(answering: .post, closing: true))
            }
            return
        }
        answer(request, Upload())
    }

    private func consumeBody(_ range: Range<Int>) -> Range<Int> {
        guard case .readingBody(let request, var decoder, var upload) = phase else { return range }
        // The upload must not be shared while it grows.
        phase = .streaming
        let buffer = loop.buffer
        let bytes = buffer.bytes(0..<range.upperBound)
        var position = range.lowerBound
        do throws(HTTP1Error) {
            while true {
                switch try decoder.next(bytes, from: position) {
                case .data(let piece):
                    upload.add(bytes.extracting(piece))
                    position = piece.upperBound
                case .needMore:
                    phase = .readingBody(request, decoder, upload)
                    return range.upperBound..<range.upperBound
                case .end(let end):
                    answer(request, upload)
                    return end..<range.upperBound
                }
            }
        } catch {
            close()
            return range.upperBound..<range.upperBound
        }
    }

    // MARK: Answering

    private func answer(_ request: RequestHead, _ upload: Upload) {
        closesWhenSent = !request.wantsKeepAlive
        if let limit = loop.profile.rateLimit, !loop.limiter.admits(request, limit, now: now) {
            let reply = Reply(status: 500, fields: [], body: .whole([]))
            return finish(reply, to: request, closing: true)
        }
        switch Routes.answer(request, upload) {
        case .reply(let reply): finish(reply, to: request, closing: closesWhenSent)
        case .pattern(let count): beginPattern(count, to: request)
        case .stream(let plan): beginStream(plan, to: request)
        case .script(let steps):
            closesWhenSent = false
            phase = .performing(Script(steps: steps))
            perform()
        case .hangUp: close()
        }
    }

    private func finish(_ reply: Reply, to request: RequestHead, closing: Bool) {
        var reply = reply
        reply.fields.append(("x-request-id", "g-\(loop.books.requestCount)"))
        closesWhenSent = closing
        phase = .readingHead(HeadFinder(), [])
        send(reply.serialize(answering: request.method, closing: closing))
    }

    private func beginPattern(_ count: Int, to request: RequestHead) {
        var head = ResponseText(status: 200)
        head.field("content-type", "application/octet-stream")
        head.field("content-length", String(count))
        phase = .sending(offset: 0, end: request.method == .head ? 0 : count)
        send(head.ended)
    }

    private func beginStream(_ plan: StreamPlan, to request: RequestHead) {
        let id = loop.books.streamOpened(user: plan.user, path: request.target.path)
        var head = ResponseText(status: 200)
        head.field("content-type", "text/event-stream")
        head.field("cache-control", "no-cache")
        head.field("x-request-id", "g-\(loop.books.requestCount)")
        head.field("x-connection", String(id))
        head.field("transfer-encoding", "chunked")
        phase = .streaming
        closesWhenSent = false
        let stream = DemoStream(id: id, plan: plan, connection: self)
        self.stream = stream
        loop.add(stream)
        send(head.ended)
        if registration != nil { stream.begin() }
    }
}

extension SeenRequest {
    init(_ request: RequestHead, connection: Int) {
        self.init(
            method: request.method.text, target: request.target.text,
            fields: request.fields.entries.map {
                (request.fields.nameText(of: $0), request.fields.valueText(of: $0))
            }, connection: connection)
    }
}
