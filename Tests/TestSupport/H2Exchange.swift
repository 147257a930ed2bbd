/// One exchange on a connection of HTTP/2, as its client sees it.
package struct H2Exchange: Sendable {
    package let client: H2Client
    package let id: Int

    // MARK: Telling it

    package func send(_ body: [UInt8], endStream: Bool = false) {
        client.upload(body, pattern: 0..<0, on: id, endStream: endStream)
    }

    package func send(_ text: String, endStream: Bool = false) {
        send(Array(text.utf8), endStream: endStream)
    }

    /// Sends so many bytes of the pattern, and ends the request.
    package func sendPattern(_ count: Int) {
        client.upload([], pattern: 0..<count, on: id, endStream: true)
    }

    /// Wants no more of it.
    package func cancel() { client.send(.reset(id)) }

    // MARK: Looking and waiting

    package var now: H2StreamState? { client.now.streams[id] }
    package var response: Response? { now?.response }
    package var isOpen: Bool { now.map { !$0.isOver } ?? false }

    package func first<Value: Sendable>(
        _ what: String, within limit: Duration = patience,
        _ look: @Sendable (H2StreamState) -> Value?
    ) async throws -> Value {
        try await client.first("\(what) on stream \(id)", within: limit) {
            $0.streams[id].flatMap(look)
        }
    }

    package func until(
        _ what: String, within limit: Duration = patience,
        _ condition: @Sendable (H2StreamState) -> Bool
    ) async throws {
        _ = try await first(what, within: limit) { condition($0) ? true : nil }
    }

    /// The response's head. Its body may still be coming.
    package func head(within limit: Duration = patience) async throws -> Response {
        try await first("a head", within: limit) { $0.response }
    }

    /// The whole response, properly ended.
    package func whole(within limit: Duration = patience) async throws -> Response {
        try await first("the whole", within: limit) { $0.isEnded ? $0.response : nil }
    }

    package func event(
        within limit: Duration = patience, _ matches: @Sendable (ServerSentEvent) -> Bool
    ) async throws -> ServerSentEvent {
        try await first("an event", within: limit) { $0.response?.events.first(where: matches) }
    }

    /// Why the server has reset it.
    package func reset(within limit: Duration = patience) async throws -> H2Code {
        try await first("a reset", within: limit) { $0.reset }
    }
}
