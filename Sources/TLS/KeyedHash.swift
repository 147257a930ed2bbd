private import COpenSSL

/// HMAC-SHA-256 under one secret key (RFC 2104). The key prints as `[redacted]`.
package struct KeyedHash: Sendable {
    package static let keyBytes = 32

    private let key: [UInt8]

    /// Any length is a key to HMAC; fewer than 32 bytes are a weak one.
    package init(key: [UInt8]) {
        self.key = key
    }

    /// A key from OpenSSL's random generator.
    package static func randomKey() throws(KeyedHashError) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: keyBytes)
        // SAFETY: the buffer is the array's own storage, and its count goes with it.
        let result = unsafe key.withUnsafeMutableBufferPointer { buffer in
            unsafe RAND_bytes(buffer.baseAddress, CInt(buffer.count))
        }
        guard result == 1 else {
            ERR_clear_error()
            throw .noRandomness
        }
        return key
    }

    /// The 32 bytes of the hash.
    package func digest(of bytes: Span<UInt8>) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        // SAFETY: SHA-256 writes 32 bytes, all that `digest` has; key and message are read within
        // their counts, and all three outlive the call.
        let isDone = unsafe digest.withUnsafeMutableBufferPointer { output in
            unsafe key.withUnsafeBufferPointer { key in
                unsafe bytes.withUnsafeBufferPointer { message in
                    unsafe HMAC(
                        EVP_sha256(), key.baseAddress, CInt(clamping: key.count),
                        message.baseAddress, message.count, output.baseAddress, nil) != nil
                }
            }
        }
        // OpenSSL fails here only without memory or without SHA-256: no input can cause it.
        guard isDone else { fatalError("OpenSSL could not compute HMAC-SHA-256.") }
        return digest
    }

    /// The first eight bytes of the hash, as a number: enough to know a token again.
    package func tag(of bytes: Span<UInt8>) -> UInt64 {
        digest(of: bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The hash as 64 lower-case hexadecimal digits.
    package func hex(of bytes: Span<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest(of: bytes) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether two hashes are the same, in a time that does not tell where they differ.
    package static func equalInConstantTime(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        guard !left.isEmpty else { return true }
        // SAFETY: both buffers have `left.count` bytes, as just checked, and outlive the call.
        return unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
            }
        }
    }
}

/// Why there is no key.
package enum KeyedHashError: Error, Equatable, Sendable {
    case noRandomness
}

extension KeyedHash: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[redacted]" }
    package var debugDescription: String { "[redacted]" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
