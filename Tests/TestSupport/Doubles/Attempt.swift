/// One connect of a tab, and what came of it.
package struct Attempt: Sendable {
    /// Which of the tab's stream objects made it, counted from 0.
    package let source: Int
    /// What it brought back; `nil` when it came as a newcomer.
    package let lastEventID: String?
    /// Present until its response is over.
    package internal(set) var client: TestClient?
    /// Once the head has come.
    package internal(set) var status: Int?
    /// Which of the gateway's streams it got; `nil` while there is none, and when Sluice answered.
    package internal(set) var gatewayStream: Int?
    /// Whether it was told that it had been evicted.
    package internal(set) var wasEvicted = false
    /// The numbers that were published to it, once it is over.
    package internal(set) var numbers: [Int] = []
    package internal(set) var outcome: Outcome?

    /// Whether it was told to sleep on, without a word to the gateway.
    package var isStandby: Bool { status == 200 && gatewayStream == nil }
    package var isRefusal: Bool { status.map { $0 >= 204 } ?? false }

    mutating func note(head: Response) {
        status = head.status
        gatewayStream = head.gatewayStream
    }

    /// The connection is over: keeps what is worth keeping of it.
    mutating func end(_ outcome: Outcome, _ response: Response?) {
        self.outcome = outcome
        client = nil
        wasEvicted = gatewayStream != nil && response?.lastWords != nil
        numbers = response?.numbers ?? []
    }
}

extension Response {
    /// The numbers that a test has published, in the order in which they came.
    package var numbers: [Int] { events.filter { $0.name == "number" }.compactMap { Int($0.data) } }
}
