import Foundation
import Testing

/// The table of `docs/SECURITY.md`: it says of each promise which tests keep it, or that none does
/// yet. A test keeps a promise when its source names the id.
@Suite("docs/SECURITY.md and the tests that it names")
struct SecurityTableTests {
    private let promises: [Promise]
    /// The ids that each file of tests names, by `Target/File`.
    private let idsByFile: [String: Set<String>]

    init() throws {
        let page = Repository.root.appending(path: "docs/SECURITY.md")
        promises = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
            .compactMap { Promise(row: $0) }
        idsByFile = try Repository.testFiles().mapValues { Promise.ids(in: $0) }
    }

    @Test func `there are two hundred promises, each of them once`() {
        #expect(promises.count == 200)
        #expect(Set(promises.map(\.id)).count == promises.count)
    }

    @Test func `what a test names is told as tested, with that file`() {
        for (file, ids) in idsByFile {
            for id in ids {
                let promise = promises.first { $0.id == id }
                #expect(promise?.files.contains(file) == true, "\(id) in Tests/\(file).swift")
            }
        }
    }

    @Test func `what is told as tested is named by each file that is given`() {
        for promise in promises {
            for file in promise.files {
                let ids = idsByFile[file]
                #expect(ids?.contains(promise.id) == true, "\(promise.id): \(file)")
            }
        }
    }

    @Test func `what no file is given for is told as not yet tested, and what will bring a test`() {
        for promise in promises where promise.files.isEmpty {
            #expect(promise.isPutOff, "\(promise.id)")
        }
    }
}
