extension LogEvent {
    /// Bytes that Sluice itself has written into a stream's body.
    ///
    /// All such bytes are told, so the records of a stream give its gateway's bytes back: whoever
    /// goes through the client's body and takes out `length` bytes after each `offset` has them.
    package struct Inject: Sendable {
        package let stream: String
        package let kind: Kind
        /// Bytes of the gateway's body that were relayed before.
        package let offset: UInt64
        /// Bytes.
        package let length: Int

        /// What the bytes are for.
        package enum Kind: String, CaseIterable, Sendable {
            case lastWords = "last_words"
            case retry
            case keepAlive = "keep_alive"
            case padding
            case resumed

            package var meaning: String {
                switch self {
                case .lastWords: "the event that tells a client why its stream closes"
                case .retry: "a `retry:` line alone: when to come back"
                case .keepAlive: "a comment after `keep_alive` of silence"
                case .padding: "the comment of `opening_padding` before the first event"
                case .resumed: "its own last event id, for a client that returns after an eviction"
                }
            }
        }

        package init(stream: String, kind: Kind, offset: UInt64, length: Int) {
            self.stream = stream
            self.kind = kind
            self.offset = offset
            self.length = length
        }
    }
}

extension LogEvent.Inject {
    func write(to line: inout JSONLine) {
        line.add("stream", stream)
        line.add("kind", kind.rawValue)
        line.add("offset", offset)
        line.add("length", length)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "Sluice has written bytes of its own into a stream's body. Without them the "
                + "body is the gateway's, byte for byte.",
            level: "debug",
            fields: [
                .init("stream", "its id, unique in this process"),
                .init("kind", "what for, see [Reasons](#reasons)"),
                .init(
                    "offset",
                    "bytes of the gateway's body before; the place in the client's body is this "
                        + "and the lengths of the stream's injections so far"),
                .init("length", "bytes"),
            ],
            example: .inject(Self(stream: "s-1", kind: .lastWords, offset: 4_096, length: 187)))
    }
}
