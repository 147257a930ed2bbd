/// An exchange whose client has gone on with another protocol.
extension Exchange {
    var isTunnel: Bool { false }

    /// The client has said that it will send no more.
    func clientFinished() {}
}
