import DemoGateway
import Reactor

/// Tokens for tests.
package enum Tokens {
    /// One that the gateway accepts.
    package static func jwt(sub: String) -> String { DemoToken.make(user: sub, plan: nil) }

    package static func jwt(sub: String, plan: String) -> String {
        DemoToken.make(user: sub, plan: plan)
    }

    /// One that the gateway accepts and that expires in so many seconds.
    package static func expiring(sub: String, in seconds: Int64) -> String {
        let expiry = Clock.timeOfDay().seconds + seconds
        return DemoToken.make(
            payload: #"{"sub":\#(DemoToken.quoted(sub)),"exp":\#(expiry)}"#, signature: "good")
    }

    /// One that names somebody and that the gateway does not believe.
    package static func forged(sub: String) -> String {
        DemoToken.make(
            payload: #"{"sub":\#(DemoToken.quoted(sub))}"#, signature: "forged")
    }
}
