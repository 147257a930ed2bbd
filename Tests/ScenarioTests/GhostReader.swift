import DemoGateway
import Foundation
import TestSupport

/// A client that takes a byte when it is told to, and nothing otherwise. Without TLS.
final class GhostReader: Sendable {
    private let descriptor: Int32

    struct Failure: Error { let errno: Int32 }

    /// Connects and asks for a stream.
    init(_ user: String, of sluice: SluiceProcess) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var size: Int32 = 2304
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = sluice.address.port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(errno: errno) }
        let token = DemoToken.make(user: user, plan: nil)
        let head = "GET /events?access_token=\(token) HTTP/1.1\r\nhost: a\r\n\r\n"
        _ = send(descriptor, head, head.utf8.count, Int32(MSG_NOSIGNAL))
    }

    deinit { close(descriptor) }

    /// Takes a byte if there is one. Never waits.
    func takeByte() -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 1
    }
}
