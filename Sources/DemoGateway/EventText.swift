/// Events as the gateway writes them.
enum EventText {
    /// Data first and then the name, as fechatter does. Several lines of data become several fields.
    static func event(_ name: String, data: String, id: Int?) -> [UInt8] {
        var text = id.map { "id: \($0)\n" } ?? ""
        for line in data.split(separator: "\n", omittingEmptySubsequences: false) {
            text += "data: \(line)\n"
        }
        return Array((text + "event: \(name)\n\n").utf8)
    }

    /// The first event: tells the client which of the gateway's streams it has.
    static func confirmation(of stream: Int, user: String) -> [UInt8] {
        let data =
            #"{"type":"connection_confirmed","connection":\#(stream),"#
            + #""user":\#(DemoToken.quoted(user))}"#
        return event("Generic", data: data, id: nil)
    }

    static let heartbeat = event("Generic", data: #"{"type":"heartbeat"}"#, id: nil)
    static let ping = Array(": ping\n\n".utf8)

    /// Something to look at in the demo.
    static func chatter(_ number: Int, to user: String) -> [UInt8] {
        let words = sayings[number % sayings.count]
        let data =
            #"{"type":"new_message","number":\#(number),"to":\#(DemoToken.quoted(user)),"#
            + #""text":\#(DemoToken.quoted(words))}"#
        return event("Generic", data: data, id: nil)
    }

    private static let sayings = [
        "Anyone for lunch?", "The build is green again.", "Meeting moved to three.",
        "Who took the good chair?", "Release notes are ready.", "Rain until Thursday.",
    ]
}
