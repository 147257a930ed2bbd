import DemoGateway

/// Tokens for tests.
package enum Tokens {
    /// One that the gateway accepts.
    package static func jwt(sub: String) -> String { DemoToken.make(user: sub, plan: nil) }

    package static func jwt(sub: String, plan: String) -> String {
        DemoToken.make(user: sub, plan: plan)
    }

    /// One that names somebody and that the gateway does not believe.
    package static func forged(sub: String) -> String {
        DemoToken.make(
            payload: #"{"sub":\#(DemoToken.quoted(sub))}"#, signature: "forged")
    }
}
