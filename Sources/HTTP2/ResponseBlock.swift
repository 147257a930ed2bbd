internal import CNGHTTP2
import HTTP1
import HTTPModel

/// A field section for nghttp2: names in lower case and values, one after the other.
struct ResponseBlock {
    private var bytes: [UInt8] = []
    private var ends: [(name: Int, value: Int)] = []

    init(status: Int) { append(name: ":status", value: String(status)) }

    /// Trailers: no status.
    init(_ trailers: Fields) {
        for entry in trailers.entries {
            append(name: trailers.bytes[entry.name], value: trailers.bytes[entry.value])
        }
    }

    mutating func append(name: some Sequence<UInt8>, value: some Sequence<UInt8>) {
        for byte in name {
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            bytes.append(isUpper ? byte | 0x20 : byte)
        }
        let nameEnd = bytes.count
        bytes.append(contentsOf: value)
        ends.append((nameEnd, bytes.count))
    }

    mutating func append(name: String, value: String) {
        append(name: name.utf8, value: value.utf8)
    }

    /// Lends the section in the form that nghttp2 wants, which copies it.
    func withPairs<Result>(_ body: (UnsafeMutableBufferPointer<nghttp2_nv>) -> Result) -> Result {
        var bytes = bytes
        // SAFETY: the pairs point into `bytes`, which stays where it is for the length of the call.
        return unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            var pairs: [nghttp2_nv] = unsafe []
            unsafe pairs.reserveCapacity(ends.count)
            guard var place = bytes.baseAddress else {
                return unsafe body(UnsafeMutableBufferPointer(start: nil, count: 0))
            }
            var start = 0
            for end in ends {
                let (nameLength, valueLength) = (end.name - start, end.value - end.name)
                unsafe pairs.append(
                    nghttp2_nv(
                        name: place, value: place + nameLength, namelen: nameLength,
                        valuelen: valueLength, flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
                unsafe place += nameLength + valueLength
                start = end.value
            }
            return unsafe pairs.withUnsafeMutableBufferPointer { unsafe body($0) }
        }
    }
}
