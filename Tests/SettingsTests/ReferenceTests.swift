import Foundation
import Testing

@testable import Settings

/// `docs/CONFIGURATION.md` is made from the definitions. `SLUICE_GOLDEN=write` writes it anew.
@Suite struct ReferenceTests {
    @Test func `the page in the repository is the one that the definitions make`() throws {
        let file = Repository.root.appending(path: "docs/CONFIGURATION.md")
        if Repository.writesGolden {
            try Settings.reference().write(to: file, atomically: true, encoding: .utf8)
        }

        #expect(try String(contentsOf: file, encoding: .utf8) == Settings.reference())
    }

    @Test("the page names every flag", arguments: Flag.allCases)
    func flag(flag: Flag) {
        #expect(Settings.reference().contains("`\(flag.rawValue)`"))
    }
}
