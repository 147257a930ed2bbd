import TestSupport
import Testing

/// Sluice with somebody hostile in front of it, and somebody who must not notice: a stream of another
/// user on another connection.
struct H2Siege {
    let stage: Stage
    private let canary: TestClient
    private let memory: Int
    private let process: Int32

    init(_ change: (inout SluiceOptions) -> Void = { _ in }) async throws {
        stage = try await Stage {
            $0.policies = ["default.yaml": SluiceOptions.cap(200)]
            change(&$0)
        }
        canary = try await stage.sluice.openStream("canary")
        memory = stage.sluice.child.residentKiB
        process = stage.sluice.child.pid
    }

    var sluice: SluiceProcess { stage.sluice }

    /// Somebody who does nothing but what the test says, after the greetings.
    func hostile(_ change: (inout H2Manners) -> Void = { _ in }) async throws -> H2Client {
        try await sluice.h2(name: "the hostile one", change)
    }

    /// The log says that the connection ended for that reason.
    func expectLogged(
        _ reason: String, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let line = try await sluice.log("error") { $0["reason"] == reason }
        #expect(line["fault"] == "client", sourceLocation: location)
    }

    /// What must hold after every attack. The canary's own request has reached the gateway, and
    /// nothing of the attacker's beyond `requests`.
    func expectUnharmed(
        requests: Int = 0, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(sluice.child.exit == nil, sourceLocation: location)
        #expect(sluice.child.pid == process, sourceLocation: location)
        stage.gateway.gateway.publish(to: "canary", event: "Generic", data: "all is well")
        _ = try await canary.event { $0.data == "all is well" }
        #expect(canary.isOpen, sourceLocation: location)
        #expect(canary.response?.eventCount == 2, sourceLocation: location)
        #expect(
            stage.gateway.gateway.requestCount <= requests + 1,
            "more reached the gateway than may", sourceLocation: location)
        #expect(sluice.child.peakResidentKiB - memory < 8192, sourceLocation: location)
        try await stage.expectSoundEnd(location)
    }
}
