/// A ClientHello made by hand, to say what no library would (RFC 8446, section 4.1.2).
struct ClientHello {
    /// The version in the hello's old field, and the only one that a hello without extensions names.
    var version: UInt16 = 0x0303
    var ciphers: [UInt16] = [0xC02B, 0xC02F]  // ECDHE with AES-128-GCM, ECDSA and RSA.
    /// The body of the ALPN extension, as it stands.
    var protocols: [UInt8]?
    /// The body of the server name extension, as it stands.
    var serverName: [UInt8]?
    /// Bytes of an extension that nobody knows.
    var padding = 0

    /// The list of one name in the server name extension (RFC 6066, section 3).
    static func nameList(_ name: [UInt8]) -> [UInt8] { prefixed16([0] + prefixed16(name)) }

    /// The list of names in the ALPN extension (RFC 7301, section 3.1).
    static func protocolList(_ names: [String]) -> [UInt8] {
        prefixed16(names.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) })
    }

    /// The whole hello, cut into records.
    func records(recordBytes: Int = 16_384) -> [UInt8] {
        let body = body
        let message = [1, UInt8(body.count >> 16)] + Self.prefixed16(body[...])
        return stride(from: 0, to: message.count, by: recordBytes).flatMap { start in
            [22, 3, 1] + Self.prefixed16(message[start..<min(start + recordBytes, message.count)])
        }
    }

    private var body: [UInt8] {
        var extensions: [[UInt8]] = [
            Self.part(10, Self.prefixed16([0, 23])),  // Groups: P-256.
            Self.part(11, [1, 0]),  // Uncompressed points.
            Self.part(13, Self.prefixed16([4, 3, 8, 4, 4, 1])),  // Signatures with SHA-256.
            Self.part(0xFF01, [0]),  // Secure renegotiation (RFC 5746).
        ]
        if let protocols { extensions.append(Self.part(16, protocols)) }
        if let serverName { extensions.append(Self.part(0, serverName)) }
        var left = padding
        var kind: UInt16 = 0x3000
        while left > 0 {
            extensions.append(Self.part(kind, [UInt8](repeating: 0, count: min(left, 30_000))))
            left -= 30_000
            kind += 1
        }
        let random = [UInt8](repeating: 7, count: 32)
        let list = Self.prefixed16(ciphers.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })
        return [UInt8(version >> 8), UInt8(version & 0xFF)] + random + [0] + list + [1, 0]
            + Self.prefixed16(extensions.flatMap { $0 })
    }

    private static func part(_ kind: UInt16, _ body: [UInt8]) -> [UInt8] {
        [UInt8(kind >> 8), UInt8(kind & 0xFF)] + prefixed16(body)
    }

    private static func prefixed16(_ bytes: some Collection<UInt8>) -> [UInt8] {
        [UInt8(bytes.count >> 8 & 0xFF), UInt8(bytes.count & 0xFF)] + bytes
    }
}

/// A fatal alert in the clear: what a server answers to a hello that it refuses.
struct Alert: Equatable, CustomStringConvertible {
    let number: UInt8
    static let handshakeFailure = Alert(number: 40)
    static let decodeError = Alert(number: 50)
    static let protocolVersion = Alert(number: 70)
    static let noApplicationProtocol = Alert(number: 120)
    static let unrecognizedName = Alert(number: 112)

    var description: String { "alert \(number)" }

    init(number: UInt8) { self.number = number }

    init?(_ record: [UInt8]) {
        guard record.count == 7, record[0] == 21, record[5] == 2 else { return nil }
        number = record[6]
    }
}
