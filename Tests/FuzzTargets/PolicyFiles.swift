import HTTPModel
import Policy
import Settings

/// A file of policies: rules that can be asked, or problems that can be found and mended.
enum PolicyFiles {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let set: PolicySet
        do throws(Problems) {
            set = try PolicyLoader.load(files: [("a.yaml", bytes)], generation: 1)
        } catch {
            return try check(error, of: bytes)
        }
        var names: Set<String> = []
        for policy in set.policies {
            try require(!policy.name.isEmpty, "a policy has a name")
            try require(names.insert(policy.name).inserted, "a name stands once")
        }
        for facts in samples {
            let position = set.position(governing: facts)
            let first = set.policies.firstIndex { $0.match.fits(facts) }
            try require(position == first, "the first that fits governs")
        }
        try checkTwice(bytes, set)
    }

    private static let samples = [
        StreamFacts(
            user: .claim("a"), method: .get, host: "example.com", path: "/events/a/b",
            client: "192.0.2.1:1", claims: Claims()),
        StreamFacts(
            user: .address("192.0.2.1"), method: .post, host: "a.b.example.com", path: "/",
            client: "192.0.2.1:1", claims: Claims()),
    ]

    /// A second file with the same policies takes every name a second time.
    private static func checkTwice(_ bytes: [UInt8], _ set: PolicySet) throws(BrokenProperty) {
        guard !set.policies.isEmpty else { return }
        do throws(Problems) {
            _ = try PolicyLoader.load(
                files: [("a.yaml", bytes), ("b.yaml", bytes)], generation: 1)
        } catch {
            return try check(error, of: bytes)
        }
        throw BrokenProperty(description: "a name is taken over all files")
    }

    private static func check(_ problems: Problems, of bytes: [UInt8]) throws(BrokenProperty) {
        try require(
            !problems.list.isEmpty && problems.list.count <= 100, "there are problems, not too many"
        )
        let lineCount = bytes.split(separator: 10, omittingEmptySubsequences: false).count
        for problem in problems.list {
            switch problem.place {
            case .mark(let mark, let file):
                try require(
                    file == "a.yaml" || file == "b.yaml", "a problem stands in a file", file)
                // YAML knows three more ends of a line than an editor does.
                try require(
                    mark.line >= 1 && mark.column >= 1
                        && mark.line <= lineCount + breaks(in: bytes) + 1
                        && mark.column <= bytes.count + 1,
                    "a problem stands in the text", problem.text)
            case .file:
                try require(
                    problem.message.contains("empty"), "a problem has a place", problem.text)
            case .flag:
                throw BrokenProperty(description: "a problem of a file is no flag's")
            }
            try checkText(problem.text)
        }
    }

    private static func breaks(in bytes: [UInt8]) -> Int {
        bytes.count { $0 == 13 || $0 == 0x85 || $0 == 0xA8 || $0 == 0xA9 }
    }

    /// One line, short, and without what a terminal would obey.
    private static func checkText(_ text: String) throws(BrokenProperty) {
        let isClean = text.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value)
                && $0.value != 0x2028 && $0.value != 0x2029
        }
        try require(isClean, "a problem is one clean line", text.debugDescription)
        try require(text.utf8.count <= 4096, "a problem is one short line", text)
    }
}
