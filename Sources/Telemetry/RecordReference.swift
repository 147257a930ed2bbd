/// What `docs/LOGS.md` says about one kind of record. It stands beside the code that writes the
/// record, and a test compares the two field by field.
package struct RecordReference: Sendable {
    /// One member of the JSON object.
    package struct Field: Sendable {
        package let name: String
        package let meaning: String
        /// Left out of the line when there is nothing to say.
        package let isOptional: Bool

        init(_ name: String, _ meaning: String, isOptional: Bool = false) {
            self.name = name
            self.meaning = meaning
            self.isOptional = isOptional
        }
    }

    /// When the record is written, in one or two sentences.
    package let when: String
    /// Its level, and on what it depends if there are several.
    package let level: String
    /// In the order of the line, after `ts`, `level` and `event`.
    package let fields: [Field]
    /// One as it might happen; fields that exclude each other cannot all be in it.
    package let example: LogEvent
}

extension LogEvent.Kind {
    package var reference: RecordReference {
        switch self {
        case .start: LogEvent.Start.reference
        case .ready: LogEvent.Ready.reference
        case .reload: LogEvent.Reload.reference
        case .reloadFailed: LogEvent.ReloadFailed.reference
        case .streamOpened: LogEvent.StreamOpened.reference
        case .streamClosed: LogEvent.StreamClosed.reference
        case .streamRefused: LogEvent.StreamRefused.reference
        case .evict: LogEvent.Evict.reference
        case .flap: LogEvent.Flap.reference
        case .inject: LogEvent.Inject.reference
        case .request: LogEvent.Request.reference
        case .error: LogEvent.Failure.reference
        case .logDropped: LogEvent.LogDropped.reference
        case .drain: LogEvent.Drain.reference
        case .stop: LogEvent.Stop.reference
        }
    }
}
