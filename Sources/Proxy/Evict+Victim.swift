import Ledger
import Policy
import Telemetry

extension LogEvent.Evict {
    /// The line of a verdict that costs `victim` its place.
    init(_ victim: Victim, cause: Cause, isObserved: Bool) {
        self.init(
            StreamContext(
                stream: victim.id.text, user: victim.user.text, policy: victim.policy?.name,
                generation: victim.generation, path: victim.facts.path,
                client: victim.facts.client, protocol: nil, requestID: nil, count: victim.count,
                limit: victim.limit),
            reason: victim.reason, cause: cause, choice: victim.choice, isObserved: isObserved)
    }
}
