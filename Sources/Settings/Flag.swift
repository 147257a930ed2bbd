/// The options of the command line that stand for a setting, and win over the file.
package enum Flag: String, CaseIterable, Sendable {
    case listen = "--listen"
    case gateway = "--gateway"
    case cert = "--cert"
    case key = "--key"
    case policies = "--policies"
    case token = "--token"
    case userClaim = "--user-claim"
    case hashKeyFile = "--hash-key-file"
    case tombstoneKeyFile = "--tombstone-key-file"
    case log = "--log"
    case logLevel = "--log-level"
    case drainTimeout = "--drain-timeout"
    case workers = "--workers"
}

/// What was given on the command line, as it was typed. A flag that may repeat has several values.
package struct Flags: Sendable {
    private var values: [Flag: [String]] = [:]

    package init() {}

    /// The values of one flag; empty when it was not given.
    package subscript(flag: Flag) -> [String] {
        get { values[flag] ?? [] }
        set { values[flag] = newValue }
    }

    /// Sets the value of a flag that stands once; `nil` means that it was not given.
    package mutating func set(_ flag: Flag, _ value: String?) {
        values[flag] = value.map { [$0] } ?? []
    }
}
