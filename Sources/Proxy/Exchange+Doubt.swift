import HTTP1
import HTTPModel
import Identity
import Telemetry

/// Requests of which nobody knows whom they come from.
///
/// Such a request must not count for anybody, since the gateway may take it for somebody else. So it
/// opens no stream. Everything else it may have: a browser with two cookies of one name must still be
/// able to load the page on which it logs out.
extension Exchange {
    /// Turns away a request that means to open a stream, or whose answer turned out to be one.
    func refuse(for doubt: IdentityError) {
        let failure = Failure.identity(doubt)
        guard let answer = failure.answer, releaseClosing() else { return }
        if worker.doubts.allows(ClientNetwork.text(of: clientAddress)) {
            worker.shared.record(
                .error(
                    LogEvent.Failure(
                        level: failure.level, reason: failure.reason, fault: failure.fault,
                        detail: failure.detail, client: clientText, stream: nil,
                        method: request.method.text, path: request.target.path)))
        }
        client.answer(readable(answer), to: request, mayGoOn: requestIsComplete)
    }
}

extension RequestHead {
    /// Whether the client means to open a stream, by whatever method.
    ///
    /// A `GET` without `Accept` takes one as well as anything else (RFC 9110, section 12.5.1), so it
    /// may be meant for one that nobody asks for: `evenUnasked` counts it.
    func mayOpenStream(evenUnasked: Bool) -> Bool {
        switch method {
        case .head: false
        case .get where evenUnasked && fields.count(of: .accept) == 0: true
        case .get, .post, .put, .delete, .options, .patch, .connect, .trace, .other:
            asksForEventStream
        }
    }
}
