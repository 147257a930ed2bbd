import HTTPModel

/// One stream as far as it has come, as its client sees it.
package struct H2StreamState: Sendable {
    /// The statuses of the interim responses.
    package internal(set) var interim: [Int] = []
    package internal(set) var response: Response?
    package internal(set) var trailers: [String: String] = [:]
    /// Whether the server has ended it properly.
    package internal(set) var isEnded = false
    /// Why the server has reset it, if it did.
    package internal(set) var reset: H2Code?
    /// The lengths of the DATA frames, as they came.
    package internal(set) var dataLengths: [Int] = []
    /// How much more the client may send on it.
    package internal(set) var sendWindow: Int

    package var isOver: Bool { isEnded || reset != nil }

    init(sendWindow: Int) { self.sendWindow = sendWindow }

    mutating func received(_ fields: [H2Header.Field]) {
        guard let status = fields.first(where: { $0.name == ":status" }) else {
            for field in fields { trailers[field.name] = field.value }
            return
        }
        let number = Int(status.value) ?? 0
        guard number >= 200 else { return interim.append(number) }
        var kept = Fields()
        for field in fields where !field.name.hasPrefix(":") {
            kept.append(field.name, field.value)
        }
        response = Response(
            ResponseHead(
                status: number, reason: "", version: .http2, fields: kept, framing: .chunked,
                allowsReuse: true))
    }

    mutating func received(_ content: ArraySlice<UInt8>) {
        dataLengths.append(content.count)
        response?.add(content.span)
    }

    mutating func ended() {
        isEnded = true
        response?.isComplete = true
    }
}
