private import CYAML

/// What libyaml found next, with the place where it begins.
struct YAMLEvent {
    let mark: Mark
    let kind: Kind

    enum Kind {
        case scalar(YAMLScalar, Decoration)
        case listStart(Decoration)
        case mappingStart(Decoration)
        case alias
        case listEnd, mappingEnd
        case documentStart, documentEnd
        case streamStart, streamEnd
    }

    /// What YAML can write before a value, and these files may not.
    struct Decoration {
        let hasAnchor: Bool
        let hasTag: Bool
    }
}

/// Where libyaml stopped understanding, in its own words.
struct YAMLSyntaxError: Error {
    let problem: String
    let mark: Mark
    /// What it was in the middle of, and where that began.
    let context: String
    let contextMark: Mark
}

/// libyaml's stream of events over one text. All the unsafety of reading YAML is in here.
///
/// The text is copied into memory of its own, since libyaml keeps a pointer to it.
@safe struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>
    private let length: Int

    init(_ bytes: [UInt8]) {
        // One byte at least, for libyaml asserts that the text has an address.
        unsafe text = .allocate(capacity: max(1, bytes.count))
        _ = unsafe text.initialize(fromContentsOf: bytes)
        length = bytes.count
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        // SAFETY: `parser` is allocated and not shared; the call overwrites all of it.
        let isReady = unsafe yaml_parser_initialize(parser) == 1
        guard isReady else { fatalError("There is no memory left for a YAML parser.") }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        // SAFETY: `text` holds `length` bytes, and lives until `deinit` has ended the parser.
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, length)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The next event. After `streamEnd`, or once it has thrown, it is not called again.
    mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        // SAFETY: the parser was initialised by `init?`, and the event is ours to fill.
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe YAMLEvent(mark: Mark(event.start_mark), kind: Self.kind(of: event))
    }

    private static func kind(of event: yaml_event_t) -> YAMLEvent.Kind {
        // SAFETY: the event's type says which member of the union libyaml has filled.
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            return unsafe .scalar(
                YAMLScalar(
                    text: string(scalar.value, length: scalar.length),
                    isQuoted: scalar.style != YAML_PLAIN_SCALAR_STYLE),
                decoration(scalar.anchor, scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            let list = unsafe event.data.sequence_start
            return unsafe .listStart(decoration(list.anchor, list.tag))
        case YAML_MAPPING_START_EVENT:
            let mapping = unsafe event.data.mapping_start
            return unsafe .mappingStart(decoration(mapping.anchor, mapping.tag))
        case YAML_ALIAS_EVENT: return .alias
        case YAML_SEQUENCE_END_EVENT: return .listEnd
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_STREAM_START_EVENT: return .streamStart
        default: return .streamEnd  // libyaml has no other; its enum is open to Swift.
        }
    }

    private static func decoration(
        _ anchor: UnsafeMutablePointer<yaml_char_t>?, _ tag: UnsafeMutablePointer<yaml_char_t>?
    ) -> YAMLEvent.Decoration {
        unsafe YAMLEvent.Decoration(hasAnchor: anchor != nil, hasTag: tag != nil)
    }

    /// The bytes were checked to be UTF-8 before libyaml saw them; a repair would still be safe.
    private static func string(
        _ start: UnsafeMutablePointer<yaml_char_t>?, length: Int
    ) -> String {
        // SAFETY: libyaml's value is `length` bytes long and lives until the event is deleted.
        unsafe String(decoding: UnsafeBufferPointer(start: start, count: length), as: UTF8.self)
    }

    private func syntaxError() -> YAMLSyntaxError {
        // SAFETY: the messages are constant strings of libyaml, or null.
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
        let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) }
        return unsafe YAMLSyntaxError(
            problem: problem ?? "the text cannot be read",
            mark: Mark(parser.pointee.problem_mark),
            context: context ?? "",
            contextMark: Mark(parser.pointee.context_mark))
    }
}

extension Mark {
    /// libyaml counts from zero. The files are far too small for either number to overflow.
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
