import Glibc
import Testing

@testable import TLS

@Suite("T16: files that cannot be used stop the start, with the file, the reason and the mend")
struct SetupTests {
    @Test func `a certificate with another one's key`() throws {
        let fixture = try Fixture()
        let a = try fixture.issue("a", names: ["a.test"])
        let b = try fixture.issue("b", names: ["b.test"])

        let message = try refusal(chain: a.chain, key: b.key)

        #expect(
            message == "the key in \(b.key) does not belong to the certificate in \(a.chain); "
                + "give the pair that was issued together")
    }

    @Test func `a chain in the wrong order`() throws {
        let fixture = try Fixture()
        let a = try fixture.issue("a", names: ["a.test"])
        let reversed = try fixture.folder.write(
            fixture.folder.read("ca.pem") + fixture.folder.read("a.pem"), to: "reversed.pem")

        let message = try refusal(chain: reversed, key: a.key)

        #expect(
            message == "the key in \(a.key) belongs to certificate 2 in \(reversed); "
                + "put that certificate first")
    }

    @Test(
        "A certificate outside its time",
        arguments: [
            (-200_000, -100_000, "expired on "), (100_000, 200_000, "is not valid before "),
        ])
    func time(start: Int, end: Int, words: String) throws {
        let fixture = try Fixture()
        let files = try fixture.issue(
            "old", names: ["a.test"], validity: .init(start: start, end: end))

        let message = try refusal(chain: files.chain, key: files.key)

        #expect(message.hasPrefix("the certificate in \(files.chain) \(words)20"))
    }

    @Test func `files that are not there, or hold nothing, or something else`() throws {
        let fixture = try Fixture()
        let good = try fixture.issue("a", names: ["a.test"])
        let missing = fixture.folder.path + "/missing.pem"
        let empty = try fixture.folder.write("", to: "empty.pem")
        let garbage = try fixture.folder.write("hello\n", to: "garbage.pem")
        let torn = try fixture.folder.write(
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", to: "torn.pem")
        let tornKey = try fixture.folder.write(
            "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", to: "torn.key")
        let huge = try fixture.folder.write(
            String(repeating: "x", count: SetupFile.lengthMax + 1), to: "huge.pem")

        let cases: [(chain: String, key: String, words: String)] = [
            (missing, good.key, "cannot read \(missing): No such file or directory; it must hold"),
            (
                good.chain, missing,
                "cannot read \(missing): No such file or directory; it must hold"
            ),
            (fixture.folder.path, good.key, "cannot read \(fixture.folder.path): Is a directory;"),
            (empty, good.key, "\(empty) is empty; it must hold the server's certificate"),
            (good.chain, empty, "\(empty) is empty; it must hold the certificate's private key"),
            (garbage, good.key, "\(garbage) holds no certificate; expected PEM"),
            (good.chain, garbage, "\(garbage) holds no private key; expected PEM"),
            (good.key, good.chain, "\(good.chain) holds no private key; expected PEM"),
            (good.key, good.key, "\(good.key) holds no certificate; it holds a private key: are"),
            (torn, good.key, "certificate 1 in \(torn) is damaged ("),
            (good.chain, tornKey, "the key in \(tornKey) is damaged ("),
            (huge, good.key, "\(huge) has more than 1048576 bytes; it must hold"),
        ]
        for (chain, key, words) in cases {
            let message = try refusal(chain: chain, key: key)
            #expect(message.hasPrefix(words), "\(message)")
            #expect(!message.contains("\n"))
        }
    }

    @Test func `a damaged intermediate certificate`() throws {
        let fixture = try Fixture()
        let files = try fixture.issue("a", names: ["a.test"])
        let torn = try fixture.folder.write(
            fixture.folder.read("a.pem")
                + "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", to: "torn.pem")

        let message = try refusal(chain: torn, key: files.key)

        #expect(message.hasPrefix("certificate 2 in \(torn) is damaged ("))
    }

    @Test("An encrypted key, in either of its forms", arguments: ["pkcs8 -topk8", "ec -aes128"])
    func encrypted(command: String) throws {
        let fixture = try Fixture()
        let files = try fixture.issue("a", names: ["a.test"])
        let locked = fixture.folder.path + "/locked.key"
        _ = try output(
            of: "openssl \(command) -in \(files.key) -out \(locked) -passout pass:secret")

        let message = try refusal(chain: files.chain, key: locked)

        #expect(message.hasPrefix("the key in \(locked) is encrypted, and nobody is there"))
        #expect(message.hasSuffix("openssl pkey -in \(locked) -out plain.pem"))
    }

    @Test func `a key that is too weak`() throws {
        let fixture = try Fixture()
        let (chain, key) = (fixture.folder.path + "/weak.pem", fixture.folder.path + "/weak.key")
        _ = try output(
            of: "openssl req -x509 -newkey rsa:1024 -nodes -subj /CN=a.test -days 2 "
                + "-keyout \(key) -out \(chain)")

        let message = try refusal(chain: chain, key: key)

        #expect(
            message.hasPrefix(
                "OpenSSL refuses the certificate in \(chain): ee key too small; issue one"))
    }

    @Test func `authorities of clients that are not there or none`() throws {
        let fixture = try Fixture()
        let files = try fixture.issue("a", names: ["a.test"])
        let missing = fixture.folder.path + "/missing.pem"
        let empty = try fixture.folder.write("", to: "empty.pem")
        let garbage = try fixture.folder.write("hello\n", to: "garbage.pem")
        for path in [missing, empty, garbage, files.key] {
            let error = #expect(throws: TLSSetupError.self) {
                try TLSServerContext(
                    TLSServerSettings(
                        certificates: [files], minVersion: .tls12, applicationProtocols: [],
                        clientVerification: .init(authorities: path, isRequired: true)))
            }
            let message = error?.message ?? "no error"
            #expect(message.hasPrefix("cannot use the authorities in \(path): "), "\(message)")
            #expect(message.hasSuffix("it must hold certificates in PEM form"))
            #expect(!message.contains("\n"))
        }
    }

    @Test func `no certificate at all`() {
        let error = #expect(throws: TLSSetupError.self) {
            try TLSServerContext(
                TLSServerSettings(
                    certificates: [], minVersion: .tls12, applicationProtocols: []))
        }

        #expect(error?.message.hasPrefix("TLS needs a certificate") == true)
    }

    @Test func `one file may hold the key and the chain`() throws {
        let fixture = try Fixture()
        _ = try fixture.issue("a", names: ["localhost"])
        let both = try fixture.folder.write(
            fixture.folder.read("a.key") + fixture.folder.read("a.pem")
                + fixture.folder.read("ca.pem"), to: "both.pem")

        let server = try TLSServerContext(settings(chain: both, key: both))

        var peers = try Peers(server, fixture.client())
        try peers.connect()
    }

    @Test func `the names of a certificate are its SAN, or its CN only without one`() throws {
        let fixture = try Fixture()
        let (chain, key) = (fixture.folder.path + "/cn.pem", fixture.folder.path + "/cn.key")
        _ = try output(
            of: "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                + "-subj /CN=Old.Example.COM -days 2 -keyout \(key) -out \(chain)")
        let old = try fixture.issue("new", names: ["a.test", "*.b.test", "192.0.2.1"])

        let fromCommonName = try names(TLSServerSettings.CertificateFiles(chain: chain, key: key))
        let fromAlternatives = try names(old)

        #expect(fromCommonName == ["old.example.com"])
        #expect(fromAlternatives == ["a.test", "*.b.test"])
    }

    @Test func `authorities that are no certificates`() throws {
        let folder = try TemporaryFolder()
        let garbage = try folder.write("hello\n", to: "garbage.pem")

        let error = #expect(throws: TLSSetupError.self) {
            try TLSClientContext(
                TLSClientSettings(
                    trust: .authorities(path: garbage), minVersion: .tls12, maxVersion: .tls13,
                    applicationProtocols: []))
        }

        #expect(error?.message.hasPrefix("cannot use the authorities in \(garbage): ") == true)
    }

    private func names(_ files: TLSServerSettings.CertificateFiles) throws -> [String] {
        try ContextHandle(.server, minVersion: .tls12, maxVersion: .tls13)
            .install(files).map(\.text)
    }

    private func settings(chain: String, key: String) -> TLSServerSettings {
        TLSServerSettings(
            certificates: [.init(chain: chain, key: key)], minVersion: .tls12,
            applicationProtocols: [])
    }

    private func refusal(chain: String, key: String) throws -> String {
        let error = #expect(throws: TLSSetupError.self) {
            try TLSServerContext(settings(chain: chain, key: key))
        }
        return try #require(error).message
    }
}
