internal import CNGHTTP2
import HTTP1
package import HTTPModel

/// The server's half of one connection of HTTP/2, without a socket: bytes in, events to the
/// handler; answers in, bytes out. Frames, HPACK and flow control are nghttp2's.
///
/// Invariants:
/// 1. `receive` and `takeOutput` are never entered while one of them is at work.
/// 2. After a failure nothing is received any more; what is left to say, a GOAWAY, still goes out.
/// 3. The handler hears `streamClosed` at most once for a request that arrived or was refused; what is
///    open when the session goes is for its owner to close.
@safe package final class ServerSession {
    let session: OpaquePointer
    unowned let handler: any SessionHandler
    let limits: SessionLimits
    /// Why the connection has to end, once it has to.
    package internal(set) var failure: SessionFailure?
    var floods: FloodGuard
    private var frames = FrameWatch()
    /// Where each stream stands.
    var states: StreamStates
    /// The frame that nghttp2 is being given.
    private(set) var frame: Frame?
    /// CONTINUATION frames that follow each other so far.
    private var continuations = 0
    /// Whether the field section that is coming in is unpacked for nobody: nghttp2 says nothing of it.
    private var skipsSection = false
    /// The request whose fields are coming in, by its stream.
    var draft: (stream: Int32, request: RequestDraft)?
    /// What the field section that is coming in amounts to, unpacked and as it came.
    var sectionBytes = 0
    var packedBytes = 0
    /// The streams that the handler knows.
    var known: Set<Int32> = []
    var hasSettings = false
    private var isShutDown = false
    /// Whether a GOAWAY has left: what is opened after it is not served.
    var hasSaidGoAway = false
    var now = Duration.zero
    /// What nghttp2 has given and nobody has taken yet. It stays where it is until it is asked for
    /// more.
    private var pending: UnsafeBufferPointer<UInt8>?

    package init(
        _ limits: SessionLimits, handler: any SessionHandler
    ) throws(SessionFailure) {
        self.handler = handler
        self.limits = limits
        states = StreamStates(streamsMax: limits.streamsMax)
        floods = FloodGuard(
            resetsMax: limits.resetsMax, controlFramesMax: limits.controlFramesMax)
        unsafe session = try unsafe NewSession.make(limits)
        // SAFETY: the session is ours, and asks for `self` only during our calls.
        unsafe nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
        try greet()
    }

    deinit {
        // SAFETY: the session is ours alone.
        unsafe nghttp2_session_del(session)
    }

    /// What we allow the client, as the first thing it hears.
    private func greet() throws(SessionFailure) {
        let settings = [
            (NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streamsMax),
            (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.streamWindow),
            (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.headerBytesMax),
            (NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1),
        ].map {
            nghttp2_settings_entry(
                settings_id: Int32(bitPattern: $0.0.rawValue), value: UInt32(clamping: $0.1))
        }
        // SAFETY: nghttp2 copies the entries.
        var result = unsafe settings.withUnsafeBufferPointer { entries in
            unsafe nghttp2_submit_settings(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries.baseAddress, entries.count)
        }
        if result == 0 {
            result = unsafe nghttp2_session_set_local_window_size(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0,
                Int32(clamping: limits.connectionWindow))
        }
        guard result == 0 else { throw .library(result) }
    }

    // MARK: Bytes

    /// Takes in bytes of the client; what they say reaches the handler during the call. Whether the
    /// connection can go on, `failure` tells.
    ///
    /// nghttp2 gets them frame by frame: each is judged when all before it have had their effect.
    package func receive(_ bytes: Span<UInt8>, now: Duration) {
        self.now = now
        var (given, index) = (0, 0)
        while failure == nil, let (next, end) = frames.next(in: bytes, from: index) {
            index = end
            let start = max(given, end - Self.headerBytes)
            give(bytes.extracting(given..<start))
            given = start
            guard failure == nil else { return }
            judge(next)
        }
        if failure == nil { give(bytes.extracting(given...)) }
    }

    private static let headerBytes = 9

    private func give(_ bytes: Span<UInt8>) {
        guard !bytes.isEmpty else { return }
        // SAFETY: nghttp2 reads no more than the span's count and keeps no pointer to it.
        let result = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe nghttp2_session_mem_recv(session, bytes.baseAddress, bytes.count)
        }
        guard result < 0, failure == nil else { return }
        switch CInt(truncatingIfNeeded: result) {
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue: stop(.badPreface, .protocolError)
        case NGHTTP2_ERR_FLOODED.rawValue: stop(.acknowledgementFlood, .enhanceYourCalm)
        case let other: stop(.library(other), .internalError)
        }
    }

    /// Whether the connection can go on with that frame.
    private func judge(_ frame: Frame) {
        self.frame = frame
        continuations = frame.kind == .continuation ? continuations + 1 : 0
        let verdict = states.judge(frame, ignoresNew: hasSaidGoAway)
        if case .breach(let code) = verdict { return stop(.protocolViolation(code), code) }
        switch frame.kind {
        case .headers: (packedBytes, skipsSection) = (frame.length, verdict == .late)
        case .continuation: packedBytes += frame.length
        case .data, .resetStream, .settings, .goAway, .windowUpdate, .other: break
        }
        let isSurplus = floods.count(frame, verdict, skipsSection: skipsSection, now: now)
        guard !isSurplus, continuations <= NewSession.continuationsMax(limits) else {
            return stop(.controlFlood, .enhanceYourCalm)
        }
    }

    /// The rest of the field section in progress, if there is one, is unpacked for nobody.
    ///
    /// - Returns: false when that is too much, and the connection ends.
    func skipSection() -> Bool {
        guard let frame, frame.kind == .headers || frame.kind == .continuation, !skipsSection
        else { return true }
        skipsSection = true
        guard floods.count(skippedBytes: frame.length, now: now) else { return true }
        stop(.controlFlood, .enhanceYourCalm)
        return false
    }

    /// Ends the session: nothing more is received, and a GOAWAY is the last thing that is said.
    func stop(_ failure: SessionFailure, _ code: ErrorCode) {
        if self.failure == nil { self.failure = failure }
        end(code)
    }

    /// Fills `space` with frames to send, as far as they fit.
    ///
    /// - Returns: how many bytes; 0 when nothing is to be sent.
    package func takeOutput(into space: inout MutableSpan<UInt8>, now: Duration) -> Int {
        self.now = now
        var count = 0
        while count < space.count, let bytes = unsafe more() {
            let part = min(bytes.count, space.count - count)
            for index in 0..<part { space[count + index] = unsafe bytes[index] }
            count += part
            unsafe pending = part < bytes.count ? .init(rebasing: bytes[part...]) : nil
        }
        return count
    }

    /// Bytes that wait: the rest of what nghttp2 gave last, or the next that it gives.
    private func more() -> UnsafeBufferPointer<UInt8>? {
        if let pending = unsafe pending { return unsafe pending }
        var data: UnsafePointer<UInt8>?
        // SAFETY: nghttp2 lends the bytes until it is asked for more.
        let count = unsafe nghttp2_session_mem_send(session, &data)
        guard count > 0, let data = unsafe data else {
            if count < 0, failure == nil {
                failure = .library(CInt(truncatingIfNeeded: count))
            }
            return nil
        }
        return unsafe UnsafeBufferPointer(start: data, count: count)
    }

    /// Whether something may wait to be sent.
    package var wantsOutput: Bool {
        unsafe pending != nil || nghttp2_session_want_write(session) != 0
    }

    /// Whether the session has come to its end: nothing more to receive or to send.
    package var isFinished: Bool {
        unsafe pending == nil && nghttp2_session_want_read(session) == 0
            && nghttp2_session_want_write(session) == 0
    }

    /// Whether the client has not even begun: its first SETTINGS are not here.
    package var awaitsPreface: Bool { !hasSettings }

    /// Whether a field section has begun and does not end.
    package var awaitsHead: Bool { draft != nil }

    /// What is kept of the field section that is coming in.
    package var draftBytes: Int { draft?.request.keptBytes ?? 0 }

    /// There is no room for the request whose fields are coming in: nothing of it is kept.
    package func refuseDraft() { draft?.request.refuse() }

    // MARK: Answers

    /// Sends a response's head. With `hasBody`, `readBody` is asked for the rest.
    package func respond(
        _ stream: Int32, _ head: ResponseHead, answering method: Method, framing: BodyFraming,
        hasBody: Bool
    ) -> Bool {
        let block = ResponseBlock(head, answering: method, framing: framing)
        // SAFETY: nghttp2 copies the pairs and the provider.
        let result = unsafe block.withPairs { pairs in
            guard hasBody else {
                return unsafe nghttp2_submit_response(
                    session, stream, pairs.baseAddress, pairs.count, nil)
            }
            var provider = unsafe nghttp2_data_provider(
                source: nghttp2_data_source(fd: 0), read_callback: onReadBody)
            return unsafe nghttp2_submit_response(
                session, stream, pairs.baseAddress, pairs.count, &provider)
        }
        return result == 0
    }

    /// Sends an interim response.
    package func inform(_ stream: Int32, _ head: ResponseHead) {
        let block = ResponseBlock(head, answering: .get, framing: .none)
        // SAFETY: nghttp2 copies the pairs.
        unsafe block.withPairs { pairs in
            _ = unsafe nghttp2_submit_headers(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, nil, pairs.baseAddress,
                pairs.count, nil)
        }
    }

    /// There is more of a response's body: `readBody` will be asked.
    package func bodyIsReady(_ stream: Int32) {
        unsafe nghttp2_session_resume_data(session, stream)
    }

    /// Lets the client send `count` bytes more of a request's body.
    package func consumed(_ count: Int, of stream: Int32) {
        unsafe nghttp2_session_consume(session, stream, count)
    }

    package func reset(_ stream: Int32, _ code: ErrorCode) {
        states.close(stream)
        unsafe nghttp2_submit_rst_stream(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
    }

    /// Takes no new request; what is under way goes on (RFC 9113, section 6.8). Also when the client
    /// says so of itself, and when it has used the last number of a stream.
    package func shutDown() {
        guard !isShutDown else { return }
        isShutDown = true
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        unsafe nghttp2_submit_goaway(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, ErrorCode.noError.rawValue, nil, 0)
    }

    /// Ends everything on the connection.
    package func end(_ code: ErrorCode) {
        unsafe nghttp2_session_terminate_session(session, code.rawValue)
    }
}

extension ResponseBlock {
    /// Status and end-to-end fields; what HTTP/1.1 says about the connection ends here.
    init(_ head: ResponseHead, answering method: Method, framing: BodyFraming) {
        self.init(status: head.status)
        ClientResponse(
            answering: method, framing: framing, connection: .none,
            takesTrailers: framing == .chunked
        ).forEachEndToEnd(of: head) { append(name: $0, value: $1) }
        if case .length(let count) = framing {
            append(name: "content-length", value: String(count))
        }
    }
}
