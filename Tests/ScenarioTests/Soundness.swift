import TestSupport
import Testing

extension Stage {
    /// Stops Sluice and checks what must hold after every scenario: it ends by itself with 0, each
    /// stream that was opened was closed once, and the log is JSON that gives no token away (I5).
    func expectSoundEnd(_ location: SourceLocation = #_sourceLocation) async throws {
        try await sluice.expectSoundEnd(location)
        try await gateway.streams(0)
    }

    func expectSoundLog(_ location: SourceLocation = #_sourceLocation) {
        sluice.expectSoundLog(location)
    }
}

extension SluiceProcess {
    /// The part of it that needs no gateway.
    func expectSoundEnd(_ location: SourceLocation = #_sourceLocation) async throws {
        #expect(try await stop() == .code(0), sourceLocation: location)
        try await log("stop")
        expectSoundLog(location)
    }

    func expectSoundLog(_ location: SourceLocation = #_sourceLocation) {
        let opened = lines("stream_opened").compactMap { $0["stream"] }
        let closed = lines("stream_closed").compactMap { $0["stream"] }
        #expect(opened.count == Set(opened).count, sourceLocation: location)
        #expect(opened.sorted() == closed.sorted(), sourceLocation: location)
        for line in lines {
            if line.fields == nil || line.text.utf8.count > 8192 || line.text.contains("eyJ") {
                Issue.record("a bad log line: \(line)", sourceLocation: location)
            }
        }
    }
}
