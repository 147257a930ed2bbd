import HTTPModel

extension RequestHead {
    /// What is still asked of a request once the gateway has it: how its client wants to be answered.
    /// Cookies, credentials and the rest of the target need not be kept for as long as that takes.
    var sent: RequestHead {
        var kept = self
        kept.fields = Fields()
        for entry in fields.entries {
            let name = fields.nameText(of: entry).lowercased()
            switch entry.known {
            // What it says is with the gateway; that it was there tells of its client.
            case .authorization: kept.fields.append(.authorization, "")
            case .accept, .cacheControl, .connection, .contentType, .lastEventID, .origin, .te:
                kept.fields.append(name, fields.valueText(of: entry))
            case nil where name.hasPrefix("mcp-"):
                kept.fields.append(name, fields.valueText(of: entry))
            default: continue
            }
        }
        if fields.count(of: .lastEventID) == 0, let id = lastEventID {
            kept.fields.append(.lastEventID, id)
        }
        kept.target = RequestTarget(path: target.path, query: nil)
        return kept
    }
}
