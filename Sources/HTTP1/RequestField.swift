import HTTPModel

/// What becomes of a request's field on its way to the gateway.
package enum RequestField {
    enum Fate {
        /// The gateway gets it as the client sent it.
        case passes
        /// It may arrive, but not always with what the client said.
        case adapted
        /// It ends here; the gateway gets ours, or none.
        case ends
    }

    /// Whether a field of this name always reaches the gateway with its client's value, so that both
    /// can read the same in it.
    package static func alwaysPasses(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return fate(of: bytes[...], known: FieldName(bytes.span)) == .passes
    }

    /// The fate of a field whose name is spelled so.
    static func fate(of name: ArraySlice<UInt8>, known: FieldName?) -> Fate {
        if let known {
            return switch known.passage {
            case .endToEnd: .passes
            case .adapted: .adapted
            case .hopByHop, .framing, .provenance: .ends
            }
        }
        if Provenance.contains(name) || ProtectedName.isImitated(by: name) { return .ends }
        return isWebSocketKey(name) ? .adapted : .passes
    }

    static func isWebSocketKey(_ name: ArraySlice<UInt8>) -> Bool {
        name.equalsIgnoringCase("sec-websocket-key".utf8)
    }
}

extension RequestHead {
    /// Whether `Connection` asks for one of these fields, in lower case, to be taken out here
    /// (RFC 9110, section 7.6.1).
    package func connectionLists(anyOf names: [String]) -> Bool {
        guard fields.count(of: .connection) > 0 else { return false }
        let options = ConnectionOptions(fields)
        return options.names.contains(where: names.contains)
    }
}
