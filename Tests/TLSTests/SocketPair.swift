import Glibc
import Testing

/// Two connected sockets that never block, as a server and its client have them.
struct SocketPair: ~Copyable {
    let server: CInt
    let client: CInt

    /// With `bufferBytes`, what the server writes fills the way to the client after about as much.
    init(bufferBytes: CInt? = nil) throws {
        signal(SIGPIPE, SIG_IGN)  // As the program does: a broken pipe is an answer, not a death.
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        if var size = bufferBytes {
            let length = socklen_t(MemoryLayout<CInt>.size)
            for end in ends {
                try #require(setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, length) == 0)
            }
        }
        server = ends[0]
        client = ends[1]
    }

    deinit {
        close(server)
        close(client)
    }

    /// Sends bytes of our own making to the server. They must fit into the socket.
    func clientSends(_ bytes: [UInt8]) throws {
        try #require(write(client, bytes, bytes.count) == bytes.count)
    }

    /// Whatever has come to the client so far, undecoded.
    func clientReceives() -> [UInt8] { Self.drain(client) }

    /// Whatever has come to the server so far, undecoded, and taken away from it.
    func serverReceives() -> [UInt8] { Self.drain(server) }

    /// An end of the connection without a word from TLS.
    func clientFinishes() { shutdown(client, CInt(SHUT_WR)) }

    private static func drain(_ descriptor: CInt) -> [UInt8] {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &part, part.count), count > 0 {
            all += part[..<count]
        }
        return all
    }
}
