import TestSupport
import Testing

extension SluiceProcess {
    /// Stops it and checks what must hold after every test: it ends by itself, each stream that was
    /// opened was closed once, and the log gives no token away.
    func expectSoundEnd(_ location: SourceLocation = #_sourceLocation) async throws {
        #expect(try await stop() == .code(0), sourceLocation: location)
        try await log("stop")
        let opened = lines("stream_opened").compactMap { $0["stream"] }
        let closed = lines("stream_closed").compactMap { $0["stream"] }
        #expect(opened.sorted() == closed.sorted(), sourceLocation: location)
        #expect(!lines.contains { $0.text.contains("eyJ") }, sourceLocation: location)
    }
}
