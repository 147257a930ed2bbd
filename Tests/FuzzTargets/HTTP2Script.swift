/// What a client and a handler do on one connection, read from an input.
///
/// The first byte's lowest bit says whether the others are the client's bytes as they are, or a
/// script. A script is records of a kind, flags, a stream, a count, and so many bytes; every frame
/// in it has its right length, which chance would seldom hit.
struct HTTP2Script {
    enum Step {
        case receive([UInt8])
        case respond(Int32, body: [UInt8], ends: Bool)
        case inform(Int32)
        case bodyIsReady(Int32)
        case reset(Int32, UInt32)
        case shutDown
        case wait(seconds: Int)
    }

    /// How the connection is set up: the client's small window, a handler that answers by itself.
    let flags: UInt8
    private(set) var steps: [Step] = []

    static let stepsMax = 512
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    private static let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]

    var answers: Bool { flags & 4 != 0 }
    var isNarrow: Bool { flags & 8 != 0 }

    init(_ bytes: [UInt8]) {
        flags = bytes.first ?? 0
        // Without these nothing else is heard; bit 1 leaves them out.
        if flags & 2 == 0 { steps.append(.receive(Self.preface + Self.settings)) }
        let rest = bytes.dropFirst()
        if flags & 1 == 0 { steps.append(.receive(Array(rest))) } else { readRecords(rest) }
    }

    /// The client's bytes alone.
    var received: [UInt8] {
        steps.reduce(into: []) { bytes, step in
            if case .receive(let more) = step { bytes += more }
        }
    }

    /// The same up to the client's GOAWAY, behind which nothing is owed to it any more: what still
    /// stands in the same read is served, and what comes later is not.
    var receivedBeforeGoAway: [UInt8] {
        let bytes = received
        var start = Self.preface.count
        while start + 9 <= bytes.count, bytes[start + 3] != 7 {
            start += 9 + bytes[start..<start + 3].reduce(0) { $0 << 8 | Int($1) }
        }
        return Array(bytes.prefix(start))
    }

    private mutating func readRecords(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let kind = rest.popFirst(), let flags = rest.popFirst(),
            let stream = rest.popFirst(), let count = rest.popFirst()
        {
            let payload = Array(rest.prefix(Int(count)))
            rest = rest.dropFirst(Int(count))
            let all = Self.steps(kind % 32, flags, stream, payload)
            guard steps.count + all.count <= Self.stepsMax else { return }
            steps += all
        }
    }

    private static func steps(
        _ kind: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]
    ) -> [Step] {
        let id = Int32(stream)
        switch kind {
        case 0..<16: return [.receive(frame(kind, flags, stream, payload))]
        case 16: return [.receive(frame(1, flags, stream, block(payload)))]
        case 17: return [.respond(id, body: payload, ends: flags & 1 != 0)]
        case 18: return [.inform(id)]
        case 19: return [.bodyIsReady(id)]
        case 20: return [.reset(id, UInt32(flags))]
        case 21: return [.shutDown]
        case 22: return [.wait(seconds: Int(flags))]
        default:
            // Many frames of a kind: a flood.
            let one = frame(kind - 23, flags, stream, payload)
            return [Step](repeating: .receive(one), count: 64)
        }
    }

    private static func frame(
        _ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]
    ) -> [UInt8] {
        let length = [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        return length + [type, flags, 0, 0, 0, stream] + payload
    }

    /// Lines `name value` as literals without indexing (RFC 7541, section 6.2.2).
    private static func block(_ text: [UInt8]) -> [UInt8] {
        text.split(separator: 10).flatMap { line -> [UInt8] in
            let name = line.prefix { $0 != 0x20 }
            let value = line.dropFirst(name.count + 1)
            return [0] + string(name) + string(value)
        }
    }

    private static func string(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let count = bytes.count
        guard count >= 127 else { return [UInt8(count)] + bytes }
        return [127, UInt8((count - 127) & 0x7F) | 0x80, UInt8((count - 127) >> 7)] + bytes
    }
}
