import Foundation
import Testing

/// Sluice between programs that other people wrote. What each test asserts: what the client got,
/// what the gateway saw, and what the log says about it.
@Suite("Real software", .serialized, .timeLimit(.minutes(2)))
struct RealSoftware {}

/// The files beside the tests.
enum Fixtures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Fixtures")
    private static let root = folder.deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func path(_ name: String) -> String { folder.appending(path: name).path() }

    /// The Python that has sse-starlette, uvicorn and the SDKs.
    static func python() throws -> String {
        try existing(
            root.appending(path: ".build/interop-venv/bin/python").path(),
            mend: "run scripts/interop-setup")
    }

    static func nginx() throws -> String {
        let mend = "run scripts/packages --test"
        _ = try existing("/usr/lib/nginx/modules/ngx_nchan_module.so", mend: mend)
        return try existing("/usr/sbin/nginx", mend: mend)
    }

    /// PHP's own server.
    static func php() throws -> String {
        try existing("/usr/bin/php", mend: "run scripts/packages --test")
    }

    /// Node's package for cookies.
    static func nodeCookie() throws -> String {
        try existing("/usr/share/nodejs/cookie/index.js", mend: "run scripts/packages --test")
    }

    /// Looks whether the browser is there.
    static func check(_ browser: Browser.Kind) throws {
        _ = try existing("/usr/bin/\(browser.command)", mend: "run scripts/packages --test")
    }

    private static func existing(_ path: String, mend: String) throws -> String {
        guard FileManager.default.fileExists(atPath: path) else {
            throw MissingSoftware(description: "\(path) is missing; \(mend)")
        }
        return path
    }
}

/// The tests cannot run here yet. Says what to do about it.
struct MissingSoftware: Error, CustomStringConvertible {
    let description: String
}
