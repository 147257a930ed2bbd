import DemoGateway
import TestSupport
import Testing

/// How clients come to Sluice, as far as closing their streams depends on it.
enum Looks {
    /// A browser's EventSource, or a library that imitates it.
    static let native = [("accept", "text/event-stream"), ("cache-control", "no-cache")]
    /// Everybody else who asks for an event stream.
    static let fetch = [("accept", "text/event-stream")]
    static let mcp = fetch + [("mcp-session-id", "session-1")]
}

extension DemoGatewayProfile {
    /// Says what a test publishes, with ids.
    static var withIDs: DemoGatewayProfile {
        var profile = DemoGatewayProfile.quiet
        profile.sendsIDs = true
        return profile
    }
}

extension TestClient {
    /// Asks for a stream, on whatever connection it has.
    func askForStream(
        _ user: String, as looks: [(String, String)] = Looks.native, lastEventID: String? = nil,
        origin: String? = nil
    ) {
        var fields = looks
        if let lastEventID { fields.append(("last-event-id", lastEventID)) }
        if let origin { fields.append(("origin", origin)) }
        request("GET", "/events?access_token=\(Tokens.jwt(sub: user))", fields: fields)
    }

    /// The tombstone that its evicted stream ended with.
    func tombstone() async throws -> String {
        let response = try await whole()
        #expect(response.lastWords != nil)
        let id = try #require(response.lastID)
        #expect(id.hasPrefix("~s1."))
        return id
    }
}

extension SluiceProcess {
    /// Opens a stream and waits for its head, whatever that says.
    func ask(
        _ user: String, as looks: [(String, String)] = Looks.native, lastEventID: String? = nil,
        origin: String? = nil
    ) async throws -> TestClient {
        let client = client(name: "a client of \(user)")
        client.askForStream(user, as: looks, lastEventID: lastEventID, origin: origin)
        _ = try await client.head()
        return client
    }
}

extension Stage {
    /// Publishes an event and waits until a client has it.
    func publish(_ number: Int, to user: String, until client: TestClient) async throws {
        gateway.gateway.publish(to: user, event: "number", data: "\(number)")
        _ = try await client.event { $0.name == "number" && $0.data == "\(number)" }
    }

    /// A user's stream that was evicted by a second one, and that one. The first has seen event 1,
    /// whose id is 1 where there are ids.
    func evicted(
        _ user: String, as looks: [(String, String)] = Looks.native
    ) async throws -> (victim: TestClient, winner: TestClient) {
        let victim = try await sluice.ask(user, as: looks)
        try await publish(1, to: user, until: victim)
        let winner = try await sluice.ask(user, as: looks)
        _ = try await victim.whole()
        return (victim, winner)
    }

    /// The client closes its stream, the first of the user's that does, and Sluice and the gateway have taken notice of it.
    func leave(_ client: TestClient, of user: String) async throws {
        let stream = try #require(client.response?.gatewayStream)
        client.leave(.close)
        try await sluice.log("stream_closed") {
            $0["user"] == user && $0["reason"] == "client_closed"
        }
        try await gateway.until("its leaving") { !$0.openStreamIDs(of: user).contains(stream) }
    }

    /// No tombstone has ever reached the gateway, wherever it may stand in a request.
    func expectNoTombstoneAtGateway(_ location: SourceLocation = #_sourceLocation) {
        for request in gateway.gateway.requests {
            let texts = [request.target] + request.fields.map(\.value)
            let holdOne = texts.filter { text in
                text.contains("~s1") || text.lowercased().contains("%7es1")
            }
            #expect(holdOne == [], sourceLocation: location)
        }
    }

    /// With which `Last-Event-ID` the latest request came to the gateway.
    var lastEventIDAtGateway: [String]? { gateway.gateway.requests.last?.all("last-event-id") }
}
