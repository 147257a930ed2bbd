package import HTTPModel

/// What a client is told about the connection after a response.
package enum ConnectionNote: Equatable, Sendable {
    /// Nothing: the version says it.
    case none
    /// The connection ends with this response.
    case close
    /// The connection stays. Only a client of HTTP/1.0 needs to be told.
    case keepAlive
    /// The connection goes on with this protocol.
    case upgrade(String)
}

/// How a response leaves for a client.
package struct ClientResponse: Sendable {
    /// The method of the request that is answered.
    package let method: Method
    /// How the body leaves, which need not be how it came.
    package let framing: BodyFraming
    package let connection: ConnectionNote
    /// Whether trailers may follow, and `Trailer` may announce them.
    package let takesTrailers: Bool

    package init(
        answering method: Method, framing: BodyFraming, connection: ConnectionNote,
        takesTrailers: Bool = false
    ) {
        self.method = method
        self.framing = framing
        self.connection = connection
        self.takesTrailers = takesTrailers
    }

    /// The head for the client: status and reason as the gateway sent them, end-to-end fields in
    /// their order and spelling, then the framing.
    package func serialize(_ head: ResponseHead) -> [UInt8] {
        var writer = HeadWriter(capacity: head.fields.bytes.count + 128)
        writer.startLine("HTTP/1.1 ", String(head.status), " ", head.reason)
        for entry in passing(of: head) { writer.field(entry, of: head.fields) }
        writer.framing(framing)
        writer.connection(connection)
        writer.endLine()
        return writer.bytes
    }

    /// Hands on the name and the value of each field that goes through, for another way to write
    /// them down.
    package func forEachEndToEnd(
        of head: ResponseHead,
        _ body: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void
    ) {
        for entry in passing(of: head) {
            body(head.fields.bytes[entry.name], head.fields.bytes[entry.value])
        }
    }

    private func passing(of head: ResponseHead) -> [Fields.Entry] {
        let options = ConnectionOptions(head.fields)
        let tellsLength = tellsLength(of: head)
        return head.fields.entries.filter {
            passes($0, of: head.fields, options, tellsLength: tellsLength)
        }
    }

    /// Whether the gateway's length is information about a body that is not sent: of the response
    /// to a GET, or of the stored one (RFC 9110, section 8.6).
    private func tellsLength(of head: ResponseHead) -> Bool {
        guard framing == .none else { return false }
        return head.status == 304
            || (method == .head && head.status >= 200 && head.status != 204)
    }

    private func passes(
        _ entry: Fields.Entry, of fields: Fields, _ options: ConnectionOptions, tellsLength: Bool
    ) -> Bool {
        if let known = entry.known {
            switch known.passage {
            case .hopByHop: return takesTrailers && known == .trailer
            case .framing: return tellsLength && known == .contentLength
            case .endToEnd, .adapted, .provenance: break
            }
        }
        return !options.lists(fields.bytes[entry.name])
    }
}

extension HeadWriter {
    mutating func connection(_ note: ConnectionNote) {
        switch note {
        case .none: return
        case .close: field(.connection, "close")
        case .keepAlive: field(.connection, "keep-alive")
        case .upgrade(let name):
            field(.connection, "upgrade")
            field(.upgrade, name)
        }
    }
}
