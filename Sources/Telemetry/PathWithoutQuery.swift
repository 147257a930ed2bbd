extension String {
    /// A request path as a log may show it. Queries carry tokens, so a record cuts them off even
    /// though its maker should have.
    var withoutQuery: String {
        guard utf8.contains(UInt8(ascii: "?")) else { return self }
        return String(unicodeScalars.prefix { $0 != "?" })
    }
}
