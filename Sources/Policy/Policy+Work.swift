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

/// Whether a request asks for a stream, where neither its method nor its `Accept` says so.
extension Policy {
    /// Whether it says so of a request by that method that it governs: because its streams are work,
    /// or because its match names the method. What HEAD and OPTIONS ask for is never a stream.
    package func saysStream(_ method: Method) -> Bool {
        switch method {
        case .head, .options, .connect, .trace: false
        case .get, .post, .put, .delete, .patch, .other:
            isWork || match.methods.contains(method.text)
        }
    }
}

extension PolicySet {
    /// Whether a request may be one that its policy takes for a request for a stream, before anybody
    /// has looked at its token.
    package func maySayStream(_ method: Method, host: String, path: String) -> Bool {
        sayingStreams.contains {
            $0.saysStream(method) && $0.match.fits(host: host, path: path)
        }
    }
}
