import Glibc
import Reactor

/// The one thread on which all clients of all tests live.
final class ClientLoop {
    let reactor: Reactor
    let buffer = IOBuffer(capacity: 65_536)
    private var wires: [ObjectIdentifier: ClientWire] = [:]

    typealias Command = @Sendable (ClientLoop) -> Void

    private static let mailbox: Mailbox<Command> = start()

    /// Runs `command` on the clients' thread.
    static func post(_ command: @escaping Command) { mailbox.post(command) }

    private init() throws(SystemCallError) { reactor = try Reactor() }

    private static func start() -> Mailbox<Command> {
        signal(SIGPIPE, SIG_IGN)  // As the program does: a broken pipe is an answer, not a death.
        do throws(SystemCallError) {
            let mailbox = try Mailbox<Command>()
            // Lives as long as the process: nobody waits for it to end.
            _ = try Thread(name: "test-clients") {
                do throws(SystemCallError) {
                    let loop = try ClientLoop()
                    let handler = CommandHandler(loop, mailbox)
                    _ = try loop.reactor.register(mailbox.descriptor, handler: handler)
                    loop.reactor.run()
                } catch {
                    fatalError("The clients' thread cannot run: \(error.message)")
                }
            }
            return mailbox
        } catch {
            fatalError("The clients' thread cannot start: \(error.message)")
        }
    }

    func wire(of client: AnyObject) -> ClientWire? { wires[ObjectIdentifier(client)] }
    func add(_ wire: ClientWire, of client: AnyObject) { wires[ObjectIdentifier(client)] = wire }
    func remove(_ client: AnyObject) { wires[ObjectIdentifier(client)] = nil }
}

private final class CommandHandler: ReadinessHandler {
    private let loop: ClientLoop
    private let mailbox: Mailbox<ClientLoop.Command>

    init(_ loop: ClientLoop, _ mailbox: Mailbox<ClientLoop.Command>) {
        self.loop = loop
        self.mailbox = mailbox
    }

    func ready(_ readiness: Readiness) {
        for command in mailbox.takeAll() { command(loop) }
    }
}
