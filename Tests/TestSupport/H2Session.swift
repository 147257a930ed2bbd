/// What a client's connection of HTTP/2 has come to, and what is left to do on it.
struct H2Session: Sendable {
    var state = H2State()
    var uploads: [Int: H2Upload] = [:]
    private var replies: [H2Frame] = []
    private var reader = H2FrameReader()
    /// A field section that has begun: its first frame, and all of its bytes.
    private var block: (first: H2Frame, bytes: [UInt8])?
    private static let frameMax = 16_384

    // MARK: Receiving

    /// Takes in what came, and puts down what good manners answer to it.
    mutating func received(
        _ bytes: Span<UInt8>, _ manners: H2Manners, _ inflater: H2Inflater
    ) {
        replies += reader.read(bytes).flatMap { received($0, manners, inflater) }
    }

    private mutating func received(
        _ frame: H2Frame, _ manners: H2Manners, _ inflater: H2Inflater
    ) -> [H2Frame] {
        state.counts[frame.kind, default: 0] += 1
        let isAck = frame.flags.contains(.ack)
        switch frame.kind {
        case .headers: begin(frame, inflater)
        case .continuation: goOn(frame, inflater)
        case .data: return received(data: frame, manners)
        case .reset:
            state.change(frame.stream) { $0.reset = H2Code(rawValue: frame.number(at: 0) ?? -1) }
        case .settings where isAck: state.settingsAcks += 1
        case .settings:
            state.received(frame.settings)
            return manners.acknowledges ? [.settingsAck] : []
        case .ping where isAck: state.pongs.append(frame.payload.first ?? 0)
        case .ping:
            return manners.acknowledges ? [H2Frame(.ping, .ack, on: 0, frame.payload)] : []
        case .goAway:
            state.goAways.append(
                (frame.number(at: 0) ?? -1, H2Code(rawValue: frame.number(at: 4) ?? -1)))
        case .windowUpdate: state.widen(frame.stream, by: frame.number(at: 0) ?? 0)
        case _: break
        }
        return []
    }

    private mutating func begin(_ frame: H2Frame, _ inflater: H2Inflater) {
        if block != nil { state.problem = "HEADERS inside a field section" }
        block = (frame, Array(frame.content))
        if frame.flags.contains(.endHeaders) { finishBlock(inflater) }
    }

    private mutating func goOn(_ frame: H2Frame, _ inflater: H2Inflater) {
        guard block?.first.stream == frame.stream else {
            return state.problem = "CONTINUATION of nothing"
        }
        block?.bytes += frame.payload
        if frame.flags.contains(.endHeaders) { finishBlock(inflater) }
    }

    private mutating func finishBlock(_ inflater: H2Inflater) {
        guard let (first, bytes) = block else { return }
        block = nil
        guard let fields = inflater.fields(of: bytes) else {
            return state.problem = "fields that cannot be read"
        }
        state.change(first.stream) { stream in
            stream.received(fields)
            if first.flags.contains(.endStream) { stream.ended() }
        }
    }

    private mutating func received(data frame: H2Frame, _ manners: H2Manners) -> [H2Frame] {
        let isLast = frame.flags.contains(.endStream)
        state.change(frame.stream) { stream in
            stream.received(frame.content)
            if isLast { stream.ended() }
        }
        let count = frame.payload.count
        guard count > 0 else { return [] }
        var answers: [H2Frame] = []
        if manners.widensConnection { answers.append(.windowUpdate(0, by: count)) }
        if manners.widensStreams, !isLast {
            answers.append(.windowUpdate(frame.stream, by: count))
        }
        return answers
    }

    // MARK: Sending

    /// What is to be sent now. The server's settings are acknowledged before a body makes use of
    /// them.
    mutating func takeOutput() -> [UInt8] {
        var bytes = replies.flatMap { $0.bytes() }
        replies = []
        guard state.settings != nil else { return bytes }
        for stream in uploads.keys.sorted() {
            while let frame = nextFrame(of: stream) { bytes += frame.bytes() }
        }
        return bytes
    }

    private mutating func nextFrame(of stream: Int) -> H2Frame? {
        guard var upload = uploads[stream] else { return nil }
        let window = min(
            state.sendWindow, state.streams[stream]?.sendWindow ?? 0, Self.frameMax)
        let piece = upload.take(window)
        guard !piece.isEmpty || upload.isOver else { return nil }
        uploads[stream] = upload.isOver ? nil : upload
        state.widen(0, by: -piece.count)
        state.widen(stream, by: -piece.count)
        return .data(piece, on: stream, endStream: upload.isOver && upload.endStream)
    }
}
