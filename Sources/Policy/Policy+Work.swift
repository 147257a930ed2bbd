package import HTTPModel

extension Policy? {
    /// Whether a stream of that method is work that somebody waits for and not a subscription:
    /// nobody's place is made with it, a drain waits for it, and what ends it early must not look like
    /// its end. The policy says so, or the method; without a policy, whatever is no GET is work.
    package func isWork(_ method: Method) -> Bool {
        guard let self else { return method != .get }
        return self.isWork || !self.evictableMethods.contains(method.text)
    }
}
