package import Policy

/// Reads a directory of policy files: one valid set, or every problem that stands in the way.
package enum PolicyLoader {
    /// Reads all `*.yaml` files of a directory, in the order of their names.
    ///
    /// Blocks until all are read, so it is called off the workers.
    package static func load(
        directory: String, generation: UInt64
    ) throws(Problems) -> PolicySet {
        var assembly = PolicyAssembly()
        do throws(SourceFile.Refusal) {
            try addFiles(of: directory, to: &assembly)
        } catch {
            assembly.report(directory, error.message)
        }
        return try assembly.policySet(generation: generation)
    }

    /// Reads texts as if they were files of these names, in the order given.
    package static func load(
        texts: [(file: String, text: String)], generation: UInt64
    ) throws(Problems) -> PolicySet {
        try load(files: texts.map { ($0.file, Array($0.text.utf8)) }, generation: generation)
    }

    /// Reads bytes as if they were files of these names, in the order given.
    package static func load(
        files: [(name: String, bytes: [UInt8])], generation: UInt64
    ) throws(Problems) -> PolicySet {
        var assembly = PolicyAssembly()
        for (name, bytes) in files { assembly.add(bytes, file: name) }
        return try assembly.policySet(generation: generation)
    }

    private static func addFiles(
        of path: String, to assembly: inout PolicyAssembly
    ) throws(SourceFile.Refusal) {
        let directory = try SourceDirectory(path: path)
        let prefix = path.hasSuffix("/") ? path : path + "/"
        for name in directory.misnamed {
            assembly.report(prefix + name, "is not read, for it ends in .yml; rename it to .yaml")
        }
        guard !directory.names.isEmpty else {
            throw SourceFile.Refusal(
                message: "holds no policy file; put one there whose name ends in .yaml")
        }
        var versions: [(path: String, version: SourceFile.Version)] = []
        for file in directory.names.map({ prefix + $0 }) {
            do throws(SourceFile.Refusal) {
                let source = try SourceFile(path: file)
                versions.append((file, source.version))
                assembly.add(source.bytes, file: file)
            } catch {
                assembly.report(file, error.message)
            }
        }
        try checkUnchanged(directory, at: path, versions)
    }

    /// A directory can be swapped while it is read, the way Kubernetes swaps the link behind all of
    /// its files. Half of the old rules and half of the new ones would be a set nobody wrote.
    private static func checkUnchanged(
        _ directory: SourceDirectory, at path: String,
        _ versions: [(path: String, version: SourceFile.Version)]
    ) throws(SourceFile.Refusal) {
        let isUnchanged =
            try SourceDirectory(path: path).names == directory.names
            && versions.allSatisfy { SourceFile.version(of: $0.path) == $0.version }
        guard isUnchanged else {
            throw SourceFile.Refusal(
                message: "changed while its files were being read; reload once more")
        }
    }
}
