internal import CNGHTTP2
import HTTP1
import HTTPModel

// What nghttp2 calls. Each finds the session that is at work and does one thing; none enters nghttp2
// to receive or to send.

/// SAFETY of all of them: `userData` is the `ServerSession` whose call is under way, so it lives;
/// frames, names and values are nghttp2's for the length of the callback.
private func owner(_ userData: UnsafeMutableRawPointer?) -> ServerSession? {
    guard let userData = unsafe userData else { return nil }
    return unsafe Unmanaged<ServerSession>.fromOpaque(userData).takeUnretainedValue()
}

private let goOn: CInt = 0
private let giveUp = NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
private let giveUpStream = NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue

func onBeginHeaders(
    _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, userData: UnsafeMutableRawPointer?
) -> CInt {
    guard let session = unsafe owner(userData), let frame = unsafe frame else { return giveUp }
    session.sectionBytes = 0
    if unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST {
        session.draft = unsafe (frame.pointee.hd.stream_id, RequestDraft())
    }
    return goOn
}

func onHeader(
    _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, name: UnsafePointer<UInt8>?,
    nameLength: Int, value: UnsafePointer<UInt8>?, valueLength: Int, _: UInt8,
    userData: UnsafeMutableRawPointer?
) -> CInt {
    guard let session = unsafe owner(userData), let frame = unsafe frame else { return giveUp }
    guard session.countField(nameLength + valueLength) else { return giveUp }
    // Trailers are dropped: nothing that comes so late may be taken for a field of the request.
    guard unsafe session.draft?.stream == frame.pointee.hd.stream_id else { return goOn }
    let name = unsafe UnsafeBufferPointer(start: name, count: nameLength)
    let value = unsafe UnsafeBufferPointer(start: value, count: valueLength)
    unsafe session.draft?.request.add(name: name.span, value: value.span, limits: session.limits)
    return goOn
}

/// nghttp2 would leave such a field out and go on. What two parsers could read differently ends here.
func onInvalidHeader(
    _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, _: UnsafePointer<UInt8>?,
    _: Int, _: UnsafePointer<UInt8>?, _: Int, _: UInt8, userData: UnsafeMutableRawPointer?
) -> CInt {
    guard let session = unsafe owner(userData), let frame = unsafe frame else { return giveUp }
    let stream = unsafe frame.pointee.hd.stream_id
    session.reset(stream, .protocolError)
    session.requestIsMalformed(on: stream)
    return session.skipSection() ? giveUpStream : giveUp
}

func onInvalidFrame(
    _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, _: CInt,
    userData: UnsafeMutableRawPointer?
) -> CInt {
    guard let session = unsafe owner(userData), let frame = unsafe frame else { return giveUp }
    // Whether the stream ends or the connection, nothing that comes on it is wanted any more.
    let stream = unsafe frame.pointee.hd.stream_id
    session.states.close(stream)
    session.requestIsMalformed(on: stream)
    return session.skipSection() ? goOn : giveUp
}

func onFrame(
    _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, userData: UnsafeMutableRawPointer?
) -> CInt {
    guard let session = unsafe owner(userData), let frame = unsafe frame else { return giveUp }
    let stream = unsafe frame.pointee.hd.stream_id
    let flags = unsafe frame.pointee.hd.flags
    let endsStream = flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    switch unsafe FrameKind(frame.pointee.hd.type) {
    case .headers:
        guard session.countSection() else { return giveUp }
        session.headersArrived(on: stream, endStream: endsStream)
    case .data: if endsStream { session.handler.bodyEnded(on: stream) }
    case .settings: session.hasSettings = true
    case .resetStream: return session.countReset() ? goOn : giveUp
    case .goAway: session.shutDown()
    case .windowUpdate, .continuation, .other: break
    }
    return goOn
}

func onData(
    _: OpaquePointer?, _: UInt8, stream: Int32, bytes: UnsafePointer<UInt8>?, count: Int,
    userData: UnsafeMutableRawPointer?
) -> CInt {
    guard let session = unsafe owner(userData) else { return giveUp }
    let bytes = unsafe UnsafeBufferPointer(start: bytes, count: count)
    session.floods.earn(receiving: count, now: session.now)
    unsafe session.handler.bodyArrived(bytes.span, on: stream)
    return goOn
}

func onFrameSent(
    _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, userData: UnsafeMutableRawPointer?
) -> CInt {
    guard let session = unsafe owner(userData), let frame = unsafe frame else { return giveUp }
    let kind = unsafe FrameKind(frame.pointee.hd.type)
    let flags = unsafe frame.pointee.hd.flags
    switch kind {
    case .data: unsafe session.floods.earn(sending: frame.pointee.hd.length, now: session.now)
    case .resetStream:
        unsafe session.resetSent(ErrorCode(rawValue: frame.pointee.rst_stream.error_code))
    case .goAway:
        unsafe session.goAwaySent(ErrorCode(rawValue: frame.pointee.goaway.error_code))
    case .headers, .settings, .windowUpdate, .continuation, .other: break
    }
    if kind == .data || kind == .headers, flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 {
        unsafe session.handler.responseEnded(on: frame.pointee.hd.stream_id)
    }
    return goOn
}

func onStreamClose(
    _: OpaquePointer?, stream: Int32, code: UInt32, userData: UnsafeMutableRawPointer?
) -> CInt {
    guard let session = unsafe owner(userData) else { return giveUp }
    session.streamClosed(stream, ErrorCode(rawValue: code))
    return goOn
}

func onReadBody(
    _: OpaquePointer?, stream: Int32, space: UnsafeMutablePointer<UInt8>?, capacity: Int,
    flags: UnsafeMutablePointer<UInt32>?, _: UnsafeMutablePointer<nghttp2_data_source>?,
    userData: UnsafeMutableRawPointer?
) -> Int {
    guard let session = unsafe owner(userData), let flags = unsafe flags else {
        return Int(giveUp)
    }
    // SAFETY: nghttp2 lends `capacity` bytes for the length of the call.
    var span = unsafe UnsafeMutableBufferPointer(start: space, count: capacity).mutableSpan
    let piece = session.handler.readBody(of: stream, into: &span)
    guard piece.isLast else {
        return piece.count > 0 ? piece.count : Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
    if let trailers = piece.trailers, session.sendTrailers(trailers, on: stream) {
        unsafe flags.pointee |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
    }
    return piece.count
}
