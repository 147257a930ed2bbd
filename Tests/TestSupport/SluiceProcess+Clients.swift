import DemoGateway
import TLS

/// Those who come to Sluice in a test.
extension SluiceProcess {
    /// A client that trusts this Sluice's certificate.
    package func client(receiveBuffer: Int? = nil, name: String = "client") -> TestClient {
        TestClient(to: address, security: security, receiveBuffer: receiveBuffer, name: name)
    }

    /// A client without TLS, for bytes of the test's own.
    package func rawClient() -> TestClient { TestClient(to: address, security: .none) }

    /// A client whose TLS is the test's business. It trusts the authority that is in the folder now.
    package func client(
        protocols: [String], minVersion: TLSVersion = .tls12, maxVersion: TLSVersion = .tls13,
        serverName: String? = "localhost"
    ) throws -> TestClient {
        let security = try Self.security(
            folder, protocols: protocols, minVersion: minVersion, maxVersion: maxVersion,
            serverName: serverName)
        return TestClient(to: address, security: security)
    }

    /// A client that shows a certificate.
    package func client(
        showing certificate: TLSServerSettings.CertificateFiles?, name: String = "client",
        maxVersion: TLSVersion = .tls13, protocols: [String] = ["http/1.1"]
    ) throws -> TestClient {
        let security = try Self.security(
            folder, protocols: protocols, maxVersion: maxVersion, certificate: certificate)
        return TestClient(to: address, security: security, name: name)
    }

    static func security(
        _ folder: TemporaryFolder, protocols: [String] = ["http/1.1"],
        minVersion: TLSVersion = .tls12, maxVersion: TLSVersion = .tls13,
        serverName: String? = "localhost",
        certificate: TLSServerSettings.CertificateFiles? = nil
    ) throws -> TestClient.Security {
        let context = try TLSClientContext(
            TLSClientSettings(
                trust: .authorities(path: folder.path + "/ca.pem"), minVersion: minVersion,
                maxVersion: maxVersion, applicationProtocols: protocols,
                certificate: certificate))
        return .tls(context, serverName: serverName)
    }

    /// Opens a stream. Its head may not have come yet.
    package func stream(
        _ user: String, path: String = "/events", plan: String? = nil,
        fields: [(String, String)] = [], receiveBuffer: Int? = nil
    ) -> TestClient {
        let client = client(receiveBuffer: receiveBuffer, name: "a stream of \(user)")
        let token = DemoToken.make(user: user, plan: plan)
        client.request(
            "GET", "\(path)?access_token=\(token)",
            fields: [("accept", "text/event-stream")] + fields)
        return client
    }

    /// Opens a stream and waits for its head.
    package func openStream(
        _ user: String, path: String = "/events", plan: String? = nil,
        fields: [(String, String)] = []
    ) async throws -> TestClient {
        let client = stream(user, path: path, plan: plan, fields: fields)
        let head = try await client.head()
        guard head.status == 200 else {
            throw StartError(description: "a stream of \(user) was answered \(head.status)")
        }
        return client
    }
}
