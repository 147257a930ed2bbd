import Foundation
import Locking

/// A name server that answers every question alike (RFC 1035), by UDP on port 53.
package final class NameServer: Sendable {
    package enum Answer: Sendable {
        /// Any name has this IPv4 address, given as four bytes.
        case address([UInt8])
        /// Every name exists and has no address.
        case nothing
        /// No reply at all.
        case silence
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What its thread shares with it.
    private final class Order: Sendable {
        let answer: Guarded<Answer>

        init(_ answer: Answer) { self.answer = Guarded(answer) }
    }

    private let descriptor: Int32
    private let order: Order

    /// `ip` is a numeric IPv4 address of this machine.
    package init(at ip: String, answering answer: Answer) throws {
        let order = Order(answer)
        self.order = order
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        // The one before it may not have gone yet.
        var yes: Int32 = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(53).bigEndian
        address.sin_addr.s_addr = inet_addr(ip)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard isBound == 0 else {
            close(descriptor)
            throw Failure(description: "bind: \(String(cString: strerror(errno)))")
        }
        Foundation.Thread.detachNewThread { [descriptor] in Self.serve(descriptor, order) }
    }

    /// Wakes the thread, which ends then.
    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// What it answers from now on.
    package func answer(_ answer: Answer) { order.answer.withLock { $0 = answer } }

    private static func serve(_ descriptor: Int32, _ order: Order) {
        var question = [UInt8](repeating: 0, count: 512)
        var peer = sockaddr_in()
        while true {
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, &question, question.count, 0, $0, &length)
                }
            }
            guard count > 0 else { break }
            guard let reply = reply(to: question.prefix(count), order.answer.withLock { $0 }) else {
                continue
            }
            _ = withUnsafePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, reply, reply.count, 0, $0, length)
                }
            }
        }
        close(descriptor)
    }

    private static func reply(to query: ArraySlice<UInt8>, _ answer: Answer) -> [UInt8]? {
        // The question: a name that ends with an empty label, its type and its class.
        guard query.count > 12, let end = query[12...].firstIndex(of: 0), query.count >= end + 5
        else { return nil }
        let question = query[12..<(end + 5)]
        let asksForIPv4 = query[end + 2] == 1
        var records: [UInt8] = []
        switch answer {
        case .silence: return nil
        case .nothing: break
        case .address(let bytes):
            // The name that stands at byte 12, type A, class IN, for no time, and four bytes.
            if asksForIPv4 { records = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4] + bytes }
        }
        let counts: [UInt8] = [0, 1, 0, records.isEmpty ? 0 : 1, 0, 0, 0, 0]
        return Array(query.prefix(2)) + [0x81, 0x80] + counts + Array(question) + records
    }
}
