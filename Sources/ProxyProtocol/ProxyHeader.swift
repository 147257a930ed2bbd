/// What a balancer tells about a connection before its first byte (the PROXY protocol of HAProxy,
/// doc/proxy-protocol.txt, versions 1 and 2).
package struct ProxyHeader: Equatable, Sendable {
    /// Who has connected to the balancer; `nil` when the connection is the balancer's own, such as a
    /// health check, or comes from something that has no IP address.
    package let source: Source?
    /// How many bytes the header takes. What the client has sent begins behind them.
    package let length: Int

    /// A numeric address, as it can be read again, and a port.
    package struct Source: Equatable, Sendable {
        package let address: String
        package let port: UInt16

        package init(address: String, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    package init(source: Source?, length: Int) {
        self.source = source
        self.length = length
    }

    /// What the first bytes of a connection came to.
    package enum Progress: Equatable, Sendable {
        /// So far it is a header, and it goes on.
        case needsMore
        case whole(ProxyHeader)
        case malformed(Fault)
    }

    /// What is wrong with a header, in one word for logs.
    package enum Fault: String, Error, CaseIterable, Sendable {
        case noHeader = "no_header"
        case tooLong = "too_long"
        case badLine = "bad_line"
        case badCommand = "bad_command"
        case badFamily = "bad_family"
        case badLength = "bad_length"
        /// An extension that goes over the end of the header.
        case badExtension = "bad_extension"
    }

    /// No header that is accepted is longer.
    package static let bytesMax = 4096

    /// Reads what a connection begins with. The answer depends on the bytes alone, not on how they
    /// came: once it is not `needsMore`, further bytes do not change it.
    package static func read(_ bytes: Span<UInt8>) -> Progress {
        guard bytes.count > 0 else { return .needsMore }
        do throws(Fault) {
            let header =
                bytes[0] == BinaryHeader.signature[0]
                ? try BinaryHeader.read(bytes) : try TextHeader.read(bytes)
            return header.map { .whole($0) } ?? .needsMore
        } catch {
            return .malformed(error)
        }
    }
}

extension Span<UInt8> {
    /// Whether these bytes and `other` agree as far as both go.
    func agrees(with other: [UInt8]) -> Bool {
        for index in 0..<Swift.min(count, other.count) where self[index] != other[index] {
            return false
        }
        return true
    }
}
