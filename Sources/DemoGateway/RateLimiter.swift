import HTTPModel

/// Counts requests in fixed windows, one for each key that a client can have.
struct RateLimiter {
    private struct Window {
        var start: Duration
        var count: Int
    }

    private var windows: [String: Window] = [:]
    private static let windowsMax = 10_000

    /// Whether the request is within its limit. It has been counted then.
    mutating func admits(
        _ request: RequestHead, _ limit: DemoGatewayProfile.RateLimit, now: Duration
    ) -> Bool {
        let key = Self.key(of: request)
        var window = windows[key] ?? Window(start: now, count: 0)
        if now - window.start >= limit.window { window = Window(start: now, count: 0) }
        window.count += 1
        if windows.count >= Self.windowsMax { windows = [:] }
        windows[key] = window
        return window.count <= limit.requests
    }

    private static func key(of request: RequestHead) -> String {
        if let forwarded = request.fields.first(.xForwardedFor) {
            return String(forwarded.prefix { $0 != "," })
        }
        return request.fields.first(.xRealIP) ?? "unknown"
    }
}
