import CNGHTTP2

/// Writes and reads field sections (RFC 7541).
package enum H2Header {
    package typealias Field = (name: String, value: String)

    /// Fields as literals without indexing and without Huffman: nothing depends on what came before,
    /// and every byte, right or wrong, stays as it is.
    package static func literal(_ fields: [Field]) -> [UInt8] {
        fields.flatMap { [0] + string($0.name) + string($0.value) }
    }

    /// Puts a field into the table of the other side, where it becomes the entry 62.
    package static func indexed(_ name: String, _ value: String) -> [UInt8] {
        [0x40] + string(name) + string(value)
    }

    /// The entry with that number. Below 127 it takes one byte.
    package static func entry(_ index: Int) -> [UInt8] { number(index, prefix: 7, bits: 0x80) }

    package static func tableSize(_ size: Int) -> [UInt8] { number(size, prefix: 5, bits: 0x20) }

    package static func string(_ text: String) -> [UInt8] {
        number(text.utf8.count, prefix: 7, bits: 0) + Array(text.utf8)
    }

    /// A number behind so many bits of something else (RFC 7541, section 5.1).
    package static func number(_ value: Int, prefix: Int, bits: UInt8) -> [UInt8] {
        let limit = 1 << prefix - 1
        guard value >= limit else { return [bits | UInt8(value)] }
        var (bytes, rest) = ([bits | UInt8(limit)], value - limit)
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// The pseudo-header fields of a request.
    package static func request(
        _ method: String, _ path: String, authority: String = "localhost"
    ) -> [Field] {
        [
            (":method", method), (":scheme", "https"), (":authority", authority),
            (":path", path),
        ]
    }
}

/// Undoes HPACK for one connection, with nghttp2.
///
/// `@unchecked Sendable`: it is only ever used on the clients' thread.
final class H2Inflater: @unchecked Sendable {
    private var inflater: OpaquePointer?

    init() { nghttp2_hd_inflate_new(&inflater) }

    deinit { nghttp2_hd_inflate_del(inflater) }

    /// The fields of a whole section, `nil` if it is none.
    func fields(of block: [UInt8]) -> [H2Header.Field]? {
        var fields: [H2Header.Field] = []
        var start = 0
        while true {
            var pair = nghttp2_nv()
            var flags: CInt = 0
            let count = block.withUnsafeBufferPointer { bytes in
                let rest = UnsafeBufferPointer(rebasing: bytes[start...])
                return nghttp2_hd_inflate_hd2(
                    inflater, &pair, &flags, rest.baseAddress, rest.count, 1)
            }
            guard count >= 0 else { return nil }
            start += count
            if flags & CInt(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                fields.append(
                    (Self.text(pair.name, pair.namelen), Self.text(pair.value, pair.valuelen)))
            } else if flags & CInt(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                nghttp2_hd_inflate_end_headers(inflater)
                return fields
            } else if start == block.count, count == 0 {
                return nil
            }
        }
    }

    private static func text(_ start: UnsafeMutablePointer<UInt8>?, _ count: Int) -> String {
        String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}

extension [UInt8] {
    /// A field section as HEADERS and as many CONTINUATIONs as it needs.
    package func h2Frames(on stream: Int, endStream: Bool = true) -> [UInt8] {
        let pieces = stride(from: 0, to: count, by: 16_384).map {
            Array(self[$0..<Swift.min($0 + 16_384, count)])
        }
        let first = H2Frame.headers(
            pieces.first ?? [], on: stream, endStream: endStream, endHeaders: pieces.count < 2)
        let rest = pieces.dropFirst().enumerated().map { number, piece in
            H2Frame.continuation(piece, on: stream, endHeaders: number == pieces.count - 2)
        }
        return ([first] + rest).flatMap { $0.bytes() }
    }
}
