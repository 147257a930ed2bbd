/// How a section turns the nodes of the tree into values.
extension Section {
    func read<Value>(
        _ key: String, _ kind: Kind<Value>, flag: Flag?, mend: String?
    ) -> Value? {
        if let flag, let text = reading.flags[flag].last {
            return read(kind, from: text, flag)
        }
        return entry(key).flatMap { read($0.value, kind, key, mend: mend) }
    }

    /// Reads the text of one flag.
    func read<Value>(_ kind: Kind<Value>, from text: String, _ flag: Flag) -> Value? {
        read(YAMLScalar(text: text, isQuoted: false), kind, at: .flag(flag), nil)
    }

    func readList<Value>(
        _ key: String, _ kind: Kind<Value>, countMax: Int, flag: Flag?
    ) -> [Value]? {
        if let flag, !reading.flags[flag].isEmpty {
            return reading.flags[flag].prefix(countMax).compactMap {
                read(kind, from: $0, flag)
            }
        }
        guard let node = entry(key)?.value else { return nil }
        guard case .list = node.content else { return read(node, kind, key).map { [$0] } }
        return items(of: node, key, countMax: countMax).compactMap { read($0, kind, key) }
    }

    func read<Value>(
        _ node: YAMLNode, _ kind: Kind<Value>, _ key: String, mend: String? = nil
    ) -> Value? {
        switch node.content {
        case .scalar(let scalar):
            return read(scalar, kind, at: reading.place(node.mark), key, mend: mend)
        case .list:
            reading.report(
                reading.place(node.mark), "\(key): expected \(kind.expected), got a list")
        case .mapping:
            reading.report(
                reading.place(node.mark), "\(key): expected \(kind.expected), got a group of keys")
        }
        return nil
    }

    /// The message begins with `key`, unless the place says it already. `mend` is proposed when the
    /// kind has nothing better.
    func read<Value>(
        _ scalar: YAMLScalar, _ kind: Kind<Value>, at place: Place, _ key: String?,
        mend: String? = nil
    ) -> Value? {
        do throws(Misfit) {
            return try kind.read(scalar)
        } catch {
            let start = key.map { "\($0.shown): " } ?? ""
            reading.report(place, start + error.text(of: scalar, kind: kind, mend: mend))
            return nil
        }
    }

    func keys(of node: YAMLNode, _ key: String) -> [YAMLEntry]? {
        if case .mapping(let entries) = node.content { return entries }
        reading.report(
            reading.place(node.mark),
            "\(key): expected keys with their values, got \(node.shown)\(node.mendIfNull)")
        return nil
    }

    func reportNeitherGroupNorOff(_ node: YAMLNode, _ key: String) {
        reading.report(
            reading.place(node.mark),
            "\(key): expected keys with their values, or off for no limit, got \(node.shown)"
                + (node.isNearlyOff ? "; did you mean off?" : node.mendIfNull))
    }

    func items(of node: YAMLNode, _ key: String, countMax: Int) -> [YAMLNode] {
        guard case .list(let items) = node.content else {
            reading.report(
                reading.place(node.mark),
                "\(key): expected a list, each item after a -, got \(node.shown)\(node.mendIfNull)")
            return []
        }
        if items.isEmpty { report(key, "the list is empty; fill it, or remove the key") }
        if items.count > countMax {
            report(key, "expected at most \(countMax) in the list, got \(items.count)")
        }
        return Array(items.prefix(countMax))
    }
}

extension Misfit {
    fileprivate func text(
        of scalar: YAMLScalar, kind: Kind<some Sendable>, mend fallback: String?
    ) -> String {
        switch self {
        case .other(let text): return text
        case .unexpected(let got, let mend):
            let end = (mend ?? (scalar.meansNoLimit ? fallback : nil)).map { "; \($0)" } ?? ""
            return "expected \(kind.expected), got \(got ?? scalar.shown)\(end)"
        }
    }
}

extension YAMLNode {
    /// What it is, for a message that expected something else.
    var shown: String {
        switch content {
        case .scalar(let scalar): scalar.shown
        case .list: "a list"
        case .mapping: "a group of keys"
        }
    }

    var isMapping: Bool {
        if case .mapping = content { true } else { false }
    }

    /// Whether it is the word `off`, also as YAML tools write that word anew.
    var isOff: Bool {
        guard case .scalar(let scalar) = content else { return false }
        return ["off", "false"].contains(scalar.text)
    }

    /// Whether it is another word for `off`, or that one misspelt. Nothing at all is none.
    fileprivate var isNearlyOff: Bool {
        guard case .scalar(let scalar) = content, !scalar.isNull else { return false }
        return scalar.meansNoLimit || NearMiss.nearest(to: scalar.text, among: ["off"]) != nil
    }

    /// A key with nothing below it is most often a file that was cut off or half commented out.
    fileprivate var mendIfNull: String {
        guard case .scalar(let scalar) = content, scalar.isNull else { return "" }
        return "; write it below, or remove the key"
    }
}
