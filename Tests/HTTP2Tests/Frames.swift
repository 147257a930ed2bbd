/// Frames of HTTP/2 as bytes, right or wrong (RFC 9113, section 4.1).
enum Frames {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let endStream: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4
    static let padded: UInt8 = 0x8
    static let priority: UInt8 = 0x20

    static func frame(
        _ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8], length: Int? = nil
    ) -> [UInt8] {
        let length = length ?? payload.count
        let size = [UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF)]
        return size + [type, flags] + big(stream) + payload
    }

    static func big(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    static func settings(_ entries: [(UInt16, UInt32)] = []) -> [UInt8] {
        frame(4, 0, 0, entries.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 0xFF)] + big($0.1) })
    }

    static func data(_ stream: UInt32, _ bytes: [UInt8], end: Bool = false) -> [UInt8] {
        frame(0, end ? endStream : 0, stream, bytes)
    }

    static func reset(_ stream: UInt32, _ code: UInt32 = 8) -> [UInt8] {
        frame(3, 0, stream, big(code))
    }

    static func ping() -> [UInt8] { frame(6, 0, 0, [UInt8](repeating: 7, count: 8)) }

    static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] {
        frame(8, 0, stream, big(increment))
    }

    /// A request whose fields are literals, so that anything can be said.
    static func headers(
        _ stream: UInt32, _ fields: [(String, String)], end: Bool = true, complete: Bool = true
    ) -> [UInt8] {
        let flags = (end ? endStream : 0) | (complete ? endHeaders : 0)
        return frame(1, flags, stream, block(fields))
    }

    static func get(_ stream: UInt32, _ path: String = "/", end: Bool = true) -> [UInt8] {
        headers(stream, request(path: path), end: end)
    }

    static func request(
        _ method: String = "GET", path: String = "/", _ more: [(String, String)] = []
    ) -> [(String, String)] {
        [
            (":method", method), (":scheme", "https"), (":authority", "localhost"),
            (":path", path),
        ] + more
    }

    /// Literals without indexing (RFC 7541, section 6.2.2).
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + string($0.0) + string($0.1) }
    }

    static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
        var (rest, length) = (bytes.count - 127, [UInt8(127)])
        while rest >= 128 {
            length.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return length + [UInt8(rest)] + bytes
    }
}

/// A frame that the session has sent.
struct SentFrame: Equatable {
    let type: UInt8
    let flags: UInt8
    let stream: UInt32
    let payload: [UInt8]

    /// The code of a RST_STREAM or a GOAWAY.
    var code: UInt32? {
        switch type {
        case 3: Self.number(payload[0..<4])
        case 7: Self.number(payload[4..<8])
        default: nil
        }
    }

    var endsStream: Bool { flags & Frames.endStream != 0 }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// All frames in `bytes`, which hold whole ones.
    static func all(in bytes: [UInt8]) -> [SentFrame] {
        var frames: [SentFrame] = []
        var rest = bytes[...]
        while rest.count >= 9 {
            let start = rest.startIndex
            let length = Int(number(rest[start..<start + 3]))
            let end = start + 9 + length
            guard end <= rest.endIndex else { break }
            frames.append(
                SentFrame(
                    type: rest[start + 3], flags: rest[start + 4],
                    stream: number(rest[start + 5..<start + 9]) & 0x7FFF_FFFF,
                    payload: Array(rest[start + 9..<end])))
            rest = rest[end...]
        }
        return frames
    }
}
