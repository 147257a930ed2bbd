/// What clients send beside their token and `Last-Event-ID`, as far as a proxy may care. Browsers and
/// Python packages were captured; the other packages say so in their sources.
enum ClientFields {
    /// An EventSource of Chromium or Firefox, the first time and every other.
    static let browserEventSource = [
        ("accept", "text/event-stream"), ("pragma", "no-cache"), ("cache-control", "no-cache"),
        ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"),
    ]
    /// Packages that imitate it.
    static let packageEventSource = [
        ("accept", "text/event-stream"), ("cache-control", "no-cache"),
    ]
    /// `fetch` in a browser: the same without a word on caches.
    static let browserFetch = [
        ("accept", "text/event-stream"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"),
    ]
    /// A program that says no more than it must.
    static let program = [("accept", "text/event-stream")]
}
