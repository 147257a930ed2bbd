package import EventStream

/// All that a scanner knows after some bytes, to be compared.
package struct Summary: Equatable {
    package var events = 0
    package var comments = 0
    package var heartbeats = 0
    package var bytesInProgress = 0
    package var position = EventScanner.Position.boundary
    package var lastEventID: String?
    package var hasIDs = false

    package init() {}
}

extension EventScanner {
    package var summary: Summary {
        var summary = Summary()
        summary.events = events
        summary.comments = comments
        summary.heartbeats = heartbeats
        summary.bytesInProgress = bytesInProgress
        summary.position = position
        summary.lastEventID = lastEventID
        summary.hasIDs = hasIDs
        return summary
    }
}
