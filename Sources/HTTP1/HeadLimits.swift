/// How large one head may grow. Every limit has a name, and the settings set it.
package struct HeadLimits: Equatable, Sendable {
    /// The whole head, from its first byte through the blank line.
    package var headBytesMax: Int
    /// Field lines in one head.
    package var fieldCountMax: Int
    /// The name and value of one field line of a request. A response has only the limit of the
    /// whole head: the gateway may send long policies and many links.
    package var fieldBytesMax: Int
    /// The request target, as it was written.
    package var targetBytesMax: Int

    /// The defaults are those of the settings, so that a limit is said in one place.
    package init(
        headBytesMax: Int = 65_536, fieldCountMax: Int = 100, fieldBytesMax: Int = 8192,
        targetBytesMax: Int = 16_384
    ) {
        self.headBytesMax = headBytesMax
        self.fieldCountMax = fieldCountMax
        self.fieldBytesMax = fieldBytesMax
        self.targetBytesMax = targetBytesMax
    }

    /// A method is one short word.
    static let methodBytesMax = 32

    /// The longest start line: the target, and room for the method, the version and two spaces.
    var startLineBytesMax: Int {
        let (sum, overflow) = targetBytesMax.addingReportingOverflow(64)
        return overflow ? Int.max : sum
    }
}
