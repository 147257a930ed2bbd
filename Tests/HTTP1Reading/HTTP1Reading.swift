import HTTP1
import HTTPModel

/// The head that `pieces` begin with, as the finder sees it; `nil` when it goes on.
package func findHead(
    in pieces: [[UInt8]], limits: HeadLimits = HeadLimits()
) throws(HTTP1Error) -> [UInt8]? {
    var finder = HeadFinder()
    var seen: [UInt8] = []
    for piece in pieces {
        if let count = try finder.scan(piece.span, limits: limits) {
            return seen + piece.prefix(count)
        }
        seen += piece
    }
    return nil
}

/// What a decoder makes of a body that comes in pieces.
package struct DecodedBody: Equatable {
    package var payload: [UInt8]
    package var isEnded: Bool
    /// What follows the body.
    package var rest: [UInt8]
    package var error: HTTP1Error?
    package var endsProperlyAtEOF: Bool

    package init(
        payload: [UInt8] = [], isEnded: Bool = false, rest: [UInt8] = [],
        error: HTTP1Error? = nil, endsProperlyAtEOF: Bool = false
    ) {
        (self.payload, self.isEnded, self.rest) = (payload, isEnded, rest)
        (self.error, self.endsProperlyAtEOF) = (error, endsProperlyAtEOF)
    }

    package init(of pieces: [[UInt8]], read decoder: inout BodyDecoder) {
        self.init()
        do throws(HTTP1Error) {
            for piece in pieces {
                if isEnded { rest += piece } else { try read(piece, with: &decoder) }
            }
        } catch {
            self.error = error
        }
        endsProperlyAtEOF = error == nil && decoder.endsProperlyAtEOF
    }

    private mutating func read(
        _ piece: [UInt8], with decoder: inout BodyDecoder
    ) throws(HTTP1Error) {
        var start = 0
        while true {
            switch try decoder.next(piece.span, from: start) {
            case .data(let range):
                payload += piece[range]
                start = range.upperBound
            case .needMore:
                return
            case .end(let offset):
                isEnded = true
                rest += piece[offset...]
                return
            }
        }
    }
}
