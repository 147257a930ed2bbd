package import HTTP1
package import HTTPModel

/// Who hears what a client does on a connection of HTTP/2.
///
/// A method may ask the session to respond, to reset, to give window or to shut down; never to
/// receive or to give output, since it is called while the session does one of them.
package protocol SessionHandler: AnyObject {
    /// `isComplete`: there is no body.
    func requestArrived(_ head: RequestHead, on stream: Int32, isComplete: Bool)
    /// The request cannot be served. A malformed one has been reset; any other wants an answer.
    /// `isComplete`: there is no body.
    func requestRefused(_ refusal: RequestRefusal, on stream: Int32, isComplete: Bool)
    /// Bytes of a request's body. `ServerSession.consumed` gives their window back.
    func bodyArrived(_ bytes: Span<UInt8>, on stream: Int32)
    /// The request's body is over; its trailers, if any, were dropped.
    func bodyEnded(on stream: Int32)
    /// The last frame of the response has left.
    func responseEnded(on stream: Int32)
    /// Both sides are done with the stream, or one has reset it. Said once for each request that
    /// arrived or was refused.
    func streamClosed(_ stream: Int32, error: ErrorCode)
    /// Fills in what there is of a response's body.
    func readBody(of stream: Int32, into space: inout MutableSpan<UInt8>) -> BodyPiece
}

/// Why a request cannot be served.
package enum RequestRefusal: Error, Equatable, Sendable {
    /// It breaks the rules of HTTP/2 (RFC 9113, section 8.1.1).
    case malformed
    /// It is well formed, but not what we serve, or too large.
    case invalid(HTTP1Error)
    /// There is no room for it, for the time being.
    case unavailable
}

/// What `readBody` gave.
package struct BodyPiece {
    package let count: Int
    /// Whether the body ends with it. Otherwise, with no bytes, `bodyIsReady` says when to go on.
    package let isLast: Bool
    /// What stands behind the last piece.
    package let trailers: Fields?

    package init(count: Int, isLast: Bool, trailers: Fields? = nil) {
        self.count = count
        self.isLast = isLast
        self.trailers = trailers
    }
}
