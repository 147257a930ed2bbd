/// Reads one YAML document into a tree, and refuses what these files have no use for.
///
/// Guaranteed of a tree: at most `depthMax` levels and `nodesMax` nodes, no anchor, alias, tag or
/// merge key, no key twice in one mapping. So what an editor shows is what it means, and no small
/// text can unfold into a large tree.
struct YAMLReader: ~Copyable {
    /// More levels than any key of ours stands at, few enough to read by recursion.
    static let depthMax = 16
    /// A thousand policies with everything written out need a tenth of it.
    static let nodesMax = 100_000

    private let bytes: [UInt8]
    private var events: YAMLEvents
    private var nodeCount = 0

    /// The tree of a whole text, or `nil` when it holds no document.
    ///
    /// - Throws: the first thing that is wrong; what follows it could not be trusted.
    static func read(_ bytes: [UInt8]) throws(Refusal) -> YAMLNode? {
        if let refusal = SourceText.refusal(of: bytes) { throw refusal }
        var reader = YAMLReader(bytes)
        return try reader.document()
    }

    /// What cannot be read, and where.
    struct Refusal: Error {
        let mark: Mark
        let message: String
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        events = YAMLEvents(bytes)
    }

    private mutating func document() throws(Refusal) -> YAMLNode? {
        var root: YAMLNode?
        while true {
            let event = try next()
            switch event.kind {
            case .streamStart, .documentEnd: continue
            case .streamEnd: return root
            case .documentStart:
                guard root == nil else {
                    throw refused(event, "a second document begins here; put it into its own file")
                }
                root = try node(from: next(), depth: 1)
            case .scalar, .listStart, .mappingStart, .alias, .listEnd, .mappingEnd:
                throw refused(event, "stands outside of any document")
            }
        }
    }

    /// The node that `event` begins, with all that belongs to it.
    private mutating func node(from event: YAMLEvent, depth: Int) throws(Refusal) -> YAMLNode {
        nodeCount += 1
        guard nodeCount <= Self.nodesMax else {
            throw refused(event, "more than \(Self.nodesMax) values in one file; divide it")
        }
        guard depth <= Self.depthMax else {
            throw refused(event, "nested deeper than \(Self.depthMax) levels")
        }
        switch event.kind {
        case .scalar(let scalar, let decoration):
            try check(decoration, event)
            guard !scalar.text.utf8.contains(0) else {
                throw refused(event, "contains a NUL character; remove the \\0")
            }
            return YAMLNode(mark: event.mark, content: .scalar(scalar))
        case .listStart(let decoration):
            try check(decoration, event)
            return YAMLNode(mark: event.mark, content: .list(try list(depth: depth)))
        case .mappingStart(let decoration):
            try check(decoration, event)
            return YAMLNode(mark: event.mark, content: .mapping(try mapping(depth: depth)))
        case .alias:
            throw refused(
                event,
                "an alias (*) is not supported; write the value out, or put it in quotes "
                    + "if it is meant to begin with *")
        case .listEnd, .mappingEnd, .documentStart, .documentEnd, .streamStart, .streamEnd:
            throw refused(event, "a value is missing here")
        }
    }

    private mutating func list(depth: Int) throws(Refusal) -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            let event = try next()
            if case .listEnd = event.kind { return items }
            items.append(try node(from: event, depth: depth + 1))
        }
    }

    private mutating func mapping(depth: Int) throws(Refusal) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var places: [String: Mark] = [:]
        while true {
            let event = try next()
            if case .mappingEnd = event.kind { return entries }
            let keyNode = try node(from: event, depth: depth + 1)
            guard case .scalar(let key) = keyNode.content else {
                throw refused(
                    event,
                    "a key must be a word; a value that begins with { or [ "
                        + "and is meant as text needs quotes")
            }
            guard key.isQuoted || key.text != "<<" else {
                throw refused(event, "merge keys (<<) are not supported; write the keys out")
            }
            if let first = places.updateValue(keyNode.mark, forKey: key.text) {
                throw refused(
                    event,
                    "\(key.text.shown): written twice; the first stands at "
                        + "\(first.line):\(first.column); keep one of them")
            }
            let value = try node(from: next(), depth: depth + 1)
            entries.append(YAMLEntry(key: key.text, mark: keyNode.mark, value: value))
        }
    }

    private func check(
        _ decoration: YAMLEvent.Decoration, _ event: YAMLEvent
    ) throws(Refusal) {
        guard !decoration.hasAnchor else {
            throw refused(
                event,
                "an anchor (&) is not supported; write the value out where it is "
                    + "needed, or put it in quotes if it is meant to begin with &")
        }
        guard !decoration.hasTag else {
            throw refused(
                event,
                "a tag (!) is not supported; remove it, or put the value in quotes "
                    + "if it is meant to begin with !")
        }
    }

    private mutating func next() throws(Refusal) -> YAMLEvent {
        do {
            return try events.next()
        } catch {
            throw Refusal(explaining: error, in: bytes)
        }
    }

    private func refused(_ event: YAMLEvent, _ message: String) -> Refusal {
        Refusal(mark: event.mark, message: message)
    }
}
