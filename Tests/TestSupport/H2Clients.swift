import DemoGateway
import TLS

/// Those who come to Sluice with HTTP/2.
extension SluiceProcess {
    /// A client whose connection may still be on its way.
    package func h2Client(
        _ manners: H2Manners = H2Manners(), name: String = "client",
        showing certificate: TLSServerSettings.CertificateFiles? = nil
    ) throws -> H2Client {
        let security = try Self.security(folder, protocols: ["h2"], certificate: certificate)
        return H2Client(to: address, security: security, manners: manners, name: name)
    }

    /// A client that has agreed with Sluice on what each side allows.
    package func h2(
        name: String = "client", _ change: (inout H2Manners) -> Void = { _ in }
    ) async throws -> H2Client {
        let client = try h2Client(H2Manners(change), name: name)
        try await client.ready()
        return client
    }
}

extension H2Client {
    /// Opens an event stream. Its head may not have come yet.
    package func stream(
        _ user: String, path: String = "/events", fields: [H2Header.Field] = []
    ) -> H2Exchange {
        let token = DemoToken.make(user: user, plan: nil)
        return request(
            "GET", "\(path)?access_token=\(token)",
            fields: [("accept", "text/event-stream")] + fields)
    }

    /// Opens an event stream and waits for its head.
    package func openStream(_ user: String, path: String = "/events") async throws -> H2Exchange {
        let stream = stream(user, path: path)
        let head = try await stream.head()
        guard head.status == 200 else {
            throw SluiceProcess.StartError(
                description: "a stream of \(user) was answered \(head.status)")
        }
        return stream
    }
}
