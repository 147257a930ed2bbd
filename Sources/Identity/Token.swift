/// What a client showed to say who it is. It prints as `[redacted]`, however it is printed.
package struct Token: Equatable, Sendable {
    /// Bounds a token, decoded.
    package static let bytesMax = 16_384

    let bytes: [UInt8]

    /// - Throws: `.malformed` for what no gateway issues and no log or header could carry.
    package init(_ bytes: [UInt8]) throws(IdentityError) {
        guard !bytes.isEmpty, bytes.count <= Self.bytesMax else { throw .malformed }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .malformed }
        self.bytes = bytes
    }

    /// Lends the secret for as long as `body` runs.
    package func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        body(bytes.span)
    }
}

extension Token: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[redacted]" }
    package var debugDescription: String { "[redacted]" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
