import HTTP1
import HTTPModel

/// Reads the responses on one connection, one after the other.
struct ResponseReader: Sendable {
    private enum Place {
        case head(HeadFinder, [UInt8])
        case body(BodyDecoder)
        case broken
    }

    private(set) var responses: [Response] = []
    private(set) var interim: [Int] = []
    /// Why the bytes could not be read.
    private(set) var problem: String?
    /// The methods of the requests that are still to be answered.
    private var methods: [Method] = []
    private var place = Place.head(HeadFinder(), [])

    mutating func expect(_ method: Method) { methods.append(method) }

    /// Whether a response has begun and is not complete.
    var isInResponse: Bool {
        switch place {
        case .head(let finder, _): finder.hasBegun
        case .body: true
        case .broken: false
        }
    }

    mutating func read(_ bytes: Span<UInt8>) {
        var position = 0
        do throws(HTTP1Error) {
            while position < bytes.count {
                switch place {
                case .head: position = try readHead(bytes, from: position)
                case .body: position = try readBody(bytes, from: position)
                case .broken: return
                }
            }
        } catch {
            problem = error.reason
            place = .broken
        }
    }

    /// The connection has ended.
    mutating func end() {
        guard case .body(let decoder) = place, decoder.endsProperlyAtEOF else { return }
        complete()
    }

    private mutating func readHead(
        _ bytes: Span<UInt8>, from start: Int
    ) throws(HTTP1Error) -> Int {
        guard case .head(var finder, var head) = place else { return bytes.count }
        let rest = bytes.extracting(start..<bytes.count)
        let limits = HeadLimits(headBytesMax: 2_000_000, fieldCountMax: 1000)
        let end = try finder.scan(rest, limits: limits)
        for index in 0..<(end ?? rest.count) { head.append(rest[index]) }
        guard let end else {
            place = .head(finder, head)
            return bytes.count
        }
        let parsed = try ResponseParser.parse(
            head.span, answering: methods.first ?? .get, limits: limits)
        guard parsed.status >= 200 else {
            interim.append(parsed.status)
            place = .head(HeadFinder(), [])
            return start + end
        }
        if !methods.isEmpty { methods.removeFirst() }
        responses.append(Response(parsed))
        let decoder = BodyDecoder(parsed.framing)
        place = .body(decoder)
        if decoder.isComplete { complete() }
        return start + end
    }

    private mutating func readBody(
        _ bytes: Span<UInt8>, from start: Int
    ) throws(HTTP1Error) -> Int {
        guard case .body(var decoder) = place else { return bytes.count }
        let step = try decoder.next(bytes, from: start)
        place = .body(decoder)
        switch step {
        case .data(let range):
            responses[responses.count - 1].add(bytes.extracting(range))
            if decoder.isComplete { complete() }
            return range.upperBound
        case .needMore: return bytes.count
        case .end(let end):
            complete()
            return end
        }
    }

    private mutating func complete() {
        responses[responses.count - 1].isComplete = true
        place = .head(HeadFinder(), [])
    }
}
