import HTTP1
import HTTPModel
import Identity
import Settings

/// Pages of other origins may read an answer of ours if the gateway lets them read its own, or if the
/// settings say so (Fetch, section 3.3). An origin is never believed for having asked.
extension Exchange {
    /// Takes note of what the gateway has let the page read that asked. What it does not say of a
    /// stream it has taken back; other answers may leave it out.
    func noteSharing(_ head: ResponseHead) {
        guard let origin = request.fields.first(.origin) else { return }
        let sharing = CrossOriginSharing(
            origin: origin, allowOrigin: head.fields.first(.accessControlAllowOrigin),
            allowCredentials: head.fields.first(.accessControlAllowCredentials))
        guard sharing != .none || head.isEventStream else { return }
        worker.shared.origins.note(sharing, of: origin, for: request.host)
    }

    /// What the page that asked may read of our answers.
    var sharing: CrossOriginSharing {
        guard let origin = request.fields.first(.origin) else { return .none }
        return worker.running.settings.headers.sharing(with: origin)
            ?? worker.shared.origins.sharing(with: origin, for: request.host)
    }

    /// The answer, so that the page may read it.
    func readable(_ answer: Answer) -> Answer {
        guard !answer.fields.contains(where: { $0.0 == .accessControlAllowOrigin }) else {
            return answer
        }
        return Answer(
            status: answer.status, body: answer.body, contentType: answer.contentType,
            fields: answer.fields + sharing.fields)
    }
}

extension CrossOriginSharing {
    /// The fields by which a page may read an answer of ours, as it may the gateway's.
    var fields: [(FieldName, String)] {
        switch self {
        case .none: []
        case .anyone: [(.accessControlAllowOrigin, "*")]
        case .origin(let origin, let withCredentials):
            [(.accessControlAllowOrigin, origin), (.vary, "Origin")]
                + (withCredentials ? [(.accessControlAllowCredentials, "true")] : [])
        }
    }
}
