import Reactor

/// A stream in progress: what it says by itself, and when.
final class DemoStream {
    let id: Int
    let user: String
    private unowned let connection: DemoConnection
    private let plan: StreamPlan
    /// What waits to be sent piece by piece, each in a turn of its own.
    private var pieces: [[UInt8]]
    private var nextPiece = 0
    private var nextPieceAt: Duration?
    private let endsAfterPieces: Bool
    private var lastSentAt = Duration.zero
    private var nextHeartbeat: Duration?
    private var nextChatter: Duration?
    private var chatterCount = 0

    init(id: Int, plan: StreamPlan, connection: DemoConnection) {
        self.id = id
        self.plan = plan
        self.connection = connection
        user = plan.user
        pieces = plan.pieces ?? []
        endsAfterPieces = plan.pieces != nil
    }

    private var now: Duration { connection.loop.reactor.now }
    private var profile: DemoGatewayProfile { connection.loop.profile }

    /// Says the first words and sets the clocks.
    func begin() {
        lastSentAt = now
        nextHeartbeat = profile.heartbeatInterval.map { now + $0 }
        nextChatter = profile.chatterInterval.map { now + $0 }
        if !endsAfterPieces, profile.wire == .fechatter {
            say(EventText.confirmation(of: id, user: user))
            if profile.heartbeatInterval != nil { say(EventText.heartbeat) }
        }
        if profile.sendsIDs, let seen = plan.lastEventID {
            for event in connection.loop.events(after: seen) { say(event) }
        }
        turn()
    }

    /// Sends bytes of the body as one chunk.
    func say(_ bytes: [UInt8]) {
        lastSentAt = now
        connection.send(Chunk.framed(bytes))
    }

    /// Sends bytes of the body, each piece as a chunk and in a turn of its own, so that they reach
    /// the other side in as many reads as the kernel allows.
    func say(pieces more: [[UInt8]]) {
        pieces += more
        turn()
    }

    /// The last chunk, and no more.
    func end() {
        connection.send(Chunk.last)
        connection.streamEnded()
    }

    /// Says what is due and asks to be woken for the next.
    func turn() {
        if nextPiece < pieces.count { return sayNextPiece() }
        if endsAfterPieces { return end() }
        if let time = nextHeartbeat, let interval = profile.heartbeatInterval, time <= now {
            nextHeartbeat = now + interval
            say(EventText.heartbeat)
        }
        if let time = nextChatter, let interval = profile.chatterInterval, time <= now {
            nextChatter = now + interval
            chatterCount += 1
            say(EventText.chatter(chatterCount, to: user))
        }
        if let time = commentDeadline, time <= now { say(EventText.ping) }
        let deadlines = [nextHeartbeat, nextChatter, commentDeadline].compactMap(\.self)
        if let next = deadlines.min() { connection.wake(at: next) }
    }

    private var commentDeadline: Duration? { profile.commentInterval.map { lastSentAt + $0 } }

    private func sayNextPiece() {
        if let time = nextPieceAt, time > now { return connection.wake(at: time) }
        // A client that does not read holds everything back.
        guard connection.unsentCount == 0 else { return }
        let piece = pieces[nextPiece]
        nextPiece += 1
        if nextPiece == pieces.count { (pieces, nextPiece) = ([], 0) }
        nextPieceAt = plan.pause > .zero ? now + plan.pause : nil
        say(piece)
        connection.anotherTurn()
    }
}
