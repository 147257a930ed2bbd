import Glibc
import TLS

/// A `RawPeer` that speaks TLS, record by record. For the thread of one connection alone.
package final class SecurePeer {
    private let descriptor: Int32
    private var session: TLSSession

    struct HandshakeFailed: Error {}

    init(_ context: TLSServerContext, on descriptor: Int32) throws {
        self.descriptor = descriptor
        session = try TLSSession(accepting: context, on: descriptor)
        guard case .done = session.handshake() else { throw HandshakeFailed() }
    }

    /// Waits for one request head, `nil` when the connection ends before it does.
    package func readHead() -> String? {
        var head: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
            var span = buffer.mutableSpan
            guard case .bytes(let count) = session.read(into: &span), count > 0 else { return nil }
            head += buffer.prefix(count)
        }
        return String(decoding: head, as: UTF8.self)
    }

    /// Sends each text in a record of its own, and all of them in one packet.
    package func send(_ texts: String...) {
        cork(true)
        for text in texts { _ = session.write(Array(text.utf8).span) }
        cork(false)
    }

    private func cork(_ isOn: Bool) {
        var value: Int32 = isOn ? 1 : 0
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
