/// The clients that are played in tests: one for each row of the table in docs/CLOSING.md.
package enum ClientDouble: String, CaseIterable, Sendable, CustomStringConvertible {
    case chromium = "Chromium EventSource"
    case firefox = "Firefox EventSource"
    case webKit = "WebKit EventSource"
    case npm = "eventsource (npm)"
    case fetchDefaults = "fetch-event-source, default"
    case fetchReadme = "fetch-event-source, README pattern"
    case launchDarkly = "LaunchDarkly SDKs"
    case okHTTP = "okhttp-sse"
    case mcp = "MCP TypeScript SDK"
    case seedEra = "fechatter, seed-era page"
    case minimal = "fechatter, sse-minimal"

    package var description: String { rawValue }

    /// A page or program of its own, whose times are divided by `scale`.
    package func habits(scale: Int) -> any ClientHabits {
        switch self {
        case .chromium: NativeEventSource(.chromium, scale: scale)
        case .firefox: NativeEventSource(.firefox, scale: scale)
        case .webKit: NativeEventSource(.webKit, scale: scale)
        case .npm: NativeEventSource(.npm, scale: scale)
        case .fetchDefaults: FetchEventSource(.defaults, scale: scale)
        case .fetchReadme: FetchEventSource(.readme, scale: scale)
        case .launchDarkly: LaunchDarklySource(scale: scale)
        case .okHTTP: OkHTTPSource()
        case .mcp: MCPSource(scale: scale)
        case .seedEra: SeedEraPage(scale: scale)
        case .minimal: MinimalPage(scale: scale)
        }
    }

    /// Whether it is an EventSource that is left to itself: it sleeps in standby and revives.
    package var isNative: Bool {
        switch self {
        case .chromium, .firefox, .webKit, .npm: true
        case .fetchDefaults, .fetchReadme, .launchDarkly, .okHTTP, .mcp, .seedEra, .minimal: false
        }
    }

    /// Whether it comes back as a newcomer after it was evicted: always, or when its stream carried
    /// no ids and so could not be given one.
    package func comesBackAsNewcomer(streamHasIDs: Bool) -> Bool {
        switch self {
        case .chromium, .firefox, .webKit, .npm, .fetchDefaults, .okHTTP: false
        case .fetchReadme, .launchDarkly, .mcp: !streamHasIDs
        case .seedEra, .minimal: true
        }
    }
}
