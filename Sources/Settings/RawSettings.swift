/// What was written, nothing of it believed yet: the text of the file, if there is one, and the
/// flags, which win over it.
package struct RawSettings: Sendable {
    /// What messages call the file.
    let file: String
    /// `nil` when the flags are all there is.
    let bytes: [UInt8]?
    let flags: Flags

    package init(flags: Flags) {
        file = "settings"
        bytes = nil
        self.flags = flags
    }

    package init(text: String, file: String, flags: Flags) {
        self.file = file
        bytes = Array(text.utf8)
        self.flags = flags
    }

    /// Reads the file.
    package init(file: String, flags: Flags) throws(Problems) {
        do throws(SourceFile.Refusal) {
            bytes = try SourceFile(path: file).bytes
        } catch {
            throw Problems([Problem(at: .file(file), error.message)])
        }
        self.file = file
        self.flags = flags
    }
}

extension Settings {
    /// The settings of a file, a command line or both, with all warnings.
    ///
    /// Looks at the files of secrets, but not at their content. Certificates, keys and policies
    /// are loaded by whoever needs them.
    package static func load(file: String?, flags: Flags) throws(Problems) -> Settings {
        let raw = try file.map { file throws(Problems) in
            try RawSettings(file: file, flags: flags)
        }
        var settings = try Settings(raw ?? RawSettings(flags: flags))
        settings.warnings += settings.secretWarnings()
        return settings
    }

    /// Checks what was written. Pure: opens nothing.
    ///
    /// - Throws: every problem at once; nobody should mend a file one start at a time.
    package init(_ raw: RawSettings) throws(Problems) {
        let reading = Reading(file: raw.file, flags: raw.flags, keepsInventory: true)
        let settings =
            if let bytes = raw.bytes {
                reading.run(bytes) { Settings(&$0) } ?? nil
            } else {
                reading.runEmpty { Settings(&$0) }
            }
        guard let settings, reading.problems.isEmpty else { throw Problems(reading.problems) }
        self = settings
        inventory = reading.inventory ?? Inventory()
    }
}
