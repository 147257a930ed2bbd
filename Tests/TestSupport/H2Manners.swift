/// What a client does by itself. A test takes away what it wants to do, or not to do.
package struct H2Manners: Sendable {
    /// Begins with the preface and SETTINGS.
    package var greets = true
    /// What its SETTINGS say.
    package var settings: [(H2Setting, Int)] = []
    /// Gives a stream as much room again as it has received.
    package var widensStreams = true
    /// The same for the whole connection.
    package var widensConnection = true
    /// Agrees to SETTINGS and answers pings.
    package var acknowledges = true
    package var receiveBuffer: Int?

    package init(_ change: (inout H2Manners) -> Void = { _ in }) { change(&self) }

    /// Those of somebody who says nothing by himself.
    package static let none = H2Manners {
        $0.greets = false
        $0.acknowledges = false
        $0.widensStreams = false
        $0.widensConnection = false
    }
}
