/// A value of a YAML file, and where it stands.
struct YAMLNode {
    let mark: Mark
    let content: Content

    enum Content {
        case scalar(YAMLScalar)
        case list([YAMLNode])
        case mapping([YAMLEntry])
    }
}

/// A text in a YAML file. The quotes matter: `"10"` is a text and no number.
struct YAMLScalar {
    let text: String
    let isQuoted: Bool
}

/// A key of a mapping with its value.
struct YAMLEntry {
    let key: String
    let mark: Mark
    let value: YAMLNode
}
