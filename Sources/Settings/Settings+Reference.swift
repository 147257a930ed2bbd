extension Settings {
    /// The text of `docs/CONFIGURATION.md`: every key that the readers ask for, in their order.
    package static func reference() -> String {
        let settings = Reading(file: "", isTour: true)
        _ = settings.runEmpty { Settings(&$0) }
        let policies = Reading(file: "", isTour: true)
        _ = policies.runEmpty { PolicyFile(&$0) }
        return introduction + settings.referenceText
            + policyIntroduction + policies.referenceText
    }

    private static let introduction = """
        # Configuration

        This page is made from the definitions that the program itself reads by; a test keeps the
        two together.

        Settings come from a file (`sluice run --config sluice.yaml`), from flags, or from both; a
        flag wins over the file. Paths are relative to the directory that Sluice is started in.
        Durations are digits and one unit: `500ms`, `30s`, `5m`, `12h`, `7d`. Unknown keys are
        errors. YAML anchors, aliases, tags and merge keys are not read.

        A reload (`SIGHUP`) reads the settings and every file that they name, and takes over
        everything but the addresses of `listen`, whether they are encrypted, and `workers`, which
        need a restart.

        ## Settings

        """

    private static let policyIntroduction = """

        ## Policy files

        All `*.yaml` files of the policy directory, in the order of their names, make one set of
        rules. Hidden files are left alone. Replace a file by renaming a complete one over it: a
        file that changes while it is read is refused.

        """
}

extension Reading {
    /// One entry for each key that was asked for.
    fileprivate var referenceText: String {
        keys.map { "\n" + $0.referenceText + "\n" }.joined()
    }
}

extension Reading.KnownKey {
    fileprivate var referenceText: String {
        let title = "### `\(path)`\n\n"
        guard let expected else { return title + Self.wrapped(about) }
        let parts = [
            "Takes \(expected).",
            fallback.map { "Default: \($0)." } ?? "Must be given.",
            flag.map { "Flag: `\($0.rawValue)`." },
        ]
        return title + Self.wrapped(parts.compactMap(\.self).joined(separator: " ")) + "\n\n"
            + Self.wrapped(about)
    }

    /// Lines of at most a hundred characters.
    private static func wrapped(_ text: String) -> String {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let line = lines.last, line.count + 1 + word.count <= 100 {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\n")
    }
}
