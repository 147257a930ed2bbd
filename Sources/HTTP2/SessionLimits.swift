/// What one client may ask of one connection.
package struct SessionLimits: Sendable {
    /// Requests at a time.
    package let streamsMax: Int
    /// Bytes of one request's body that may be under way.
    package let streamWindow: Int
    /// The same for all requests together.
    package let connectionWindow: Int
    /// The size of a request's field section: names, values, and 32 bytes for each field
    /// (RFC 9113, section 6.5.2).
    package let headerBytesMax: Int
    /// Field lines of a request, cookie crumbs counted one by one.
    package let fieldCountMax: Int
    /// The name and value of one field, and of all crumbs of the cookie, joined.
    package let fieldBytesMax: Int
    package let targetBytesMax: Int
    /// Resets in thirty seconds: the client's, and ours that it provoked.
    package let resetsMax: Int
    /// Frames in ten seconds that move nothing on.
    package let controlFramesMax: Int

    package init(
        streamsMax: Int, streamWindow: Int, connectionWindow: Int, headerBytesMax: Int,
        fieldCountMax: Int, fieldBytesMax: Int, targetBytesMax: Int, resetsMax: Int,
        controlFramesMax: Int
    ) {
        self.streamsMax = streamsMax
        self.streamWindow = streamWindow
        self.connectionWindow = connectionWindow
        self.headerBytesMax = headerBytesMax
        self.fieldCountMax = fieldCountMax
        self.fieldBytesMax = fieldBytesMax
        self.targetBytesMax = targetBytesMax
        self.resetsMax = resetsMax
        self.controlFramesMax = controlFramesMax
    }
}
