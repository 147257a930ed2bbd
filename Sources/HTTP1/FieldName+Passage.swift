import HTTPModel

extension FieldName {
    /// What a proxy does with a field of this name.
    enum Passage {
        /// It goes through as it is.
        case endToEnd
        /// It goes through, but in a request it is not always what the client said.
        case adapted
        /// It was meant for us and ends here (RFC 9110, section 7.6.1).
        case hopByHop
        /// It says how long the body is, and is written anew.
        case framing
        /// It says where the request came from, and is written anew in requests.
        case provenance
    }

    var passage: Passage {
        switch self {
        case .connection, .expect, .keepAlive, .proxyAuthenticate, .proxyAuthorization,
            .proxyConnection, .te, .trailer, .upgrade:
            .hopByHop
        case .contentLength, .transferEncoding:
            .framing
        case .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto, .xRealIP:
            .provenance
        case .acceptEncoding, .host, .lastEventID, .via:
            .adapted
        case .accept, .accessControlAllowCredentials, .accessControlAllowOrigin,
            .allow, .authorization, .cacheControl, .contentEncoding, .contentType, .cookie, .date,
            .location, .origin, .retryAfter, .server, .userAgent, .vary, .xRequestID:
            .endToEnd
        }
    }
}
