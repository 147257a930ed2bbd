import DemoGateway
import Reactor
import TestSupport

/// Sluice in a network whose wires can be cut. The gateway stands at the near end of the first wire;
/// clients come over either.
struct GhostStage: Sendable {
    let network: GhostNetwork
    let gateway: DemoGateway
    let sluice: SluiceProcess
    private let bulletin = Bulletin()

    init(
        _ profile: DemoGatewayProfile = .quiet, _ change: (inout SluiceOptions) -> Void = { _ in }
    ) async throws {
        network = try await GhostNetwork()
        gateway = try DemoGateway(
            listening: Self.address(network.near(.first), 0), profile: profile)
        gateway.observe { [bulletin] in bulletin.post() }
        var options = SluiceOptions(change)
        options.usesTLS = false
        options.wrapper =
            network.entrance + ["sh", "-c", #"exec "$@" --listen 0.0.0.0:0"#, "sluice"]
        sluice = try await SluiceProcess(gateway: gateway.address, options: options)
    }

    private static func address(_ ip: String, _ port: UInt16) throws -> SocketAddress {
        guard let address = SocketAddress(ip: ip, port: port) else {
            throw GhostNetwork.Failure(description: "\(ip) is no address")
        }
        return address
    }

    /// Asks for a stream. Its head may not have come yet.
    func stream(
        _ user: String, over wire: GhostNetwork.Wire = .first, receiveBuffer: Int? = nil
    ) throws -> TestClient {
        let client = TestClient(
            to: try Self.address(network.far(wire), sluice.address.port), security: .none,
            receiveBuffer: receiveBuffer, name: "a stream of \(user)")
        client.request(
            "GET", "/events?access_token=\(DemoToken.make(user: user, plan: nil))",
            fields: [("accept", "text/event-stream")])
        return client
    }

    /// Opens a stream and waits for its head.
    func openStream(
        _ user: String, over wire: GhostNetwork.Wire = .first
    ) async throws -> TestClient {
        let client = try stream(user, over: wire)
        let head = try await client.head()
        guard head.status == 200 else {
            throw GhostNetwork.Failure(description: "\(user) was answered \(head.status)")
        }
        return client
    }

    /// Waits until `condition` holds at the gateway.
    func untilGateway(_ what: String, _ condition: @Sendable (DemoGateway) -> Bool) async throws {
        _ = try await bulletin.first(
            "\(what) at the gateway", clue: { "Open: \(gateway.openStreams())." }
        ) { condition(gateway) ? true : nil }
    }

    /// Says numbered events to one user, each after the one before has come, and so checks that none
    /// is missing or late.
    func tell(_ client: TestClient, of user: String, _ numbers: Range<Int>) async throws {
        for number in numbers {
            gateway.publish(to: user, event: "message", data: "number \(number)")
            _ = try await client.event { $0.data == "number \(number)" }
        }
    }
}

extension TestClient {
    /// The numbers of the events that `GhostStage.tell` said, as they came.
    var numbers: [Int] {
        (response?.events ?? []).compactMap { event in
            event.data.hasPrefix("number ") ? Int(event.data.dropFirst(7)) : nil
        }
    }
}
