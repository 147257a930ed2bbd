import Glibc
import Testing

@testable import TLS

@Suite("The authority of the demo and the tests")
struct SelfSignedAuthorityTests {
    @Test func `what it writes verifies, for its names and no others`() throws {
        let folder = try TemporaryFolder()
        let (ca, chain) = (folder.path + "/ca.pem", folder.path + "/chain.pem")

        try SelfSignedAuthority.write(
            to: folder.path, names: ["localhost", "*.demo.test", "127.0.0.1", "::1"])

        let verify = "openssl verify -x509_strict -purpose sslserver -CAfile \(ca)"
        for check in [
            "-verify_hostname localhost", "-verify_hostname a.demo.test", "-verify_ip 127.0.0.1",
            "-verify_ip ::1",
        ] {
            let said = try output(of: "\(verify) \(check) \(chain)")
            #expect(said == "\(chain): OK\n")
        }
        let wrong = try output(of: "\(verify) -verify_hostname other.test \(chain)")
        #expect(wrong.contains("hostname mismatch"))
        #expect(folder.names().sorted() == ["ca.pem", "chain.pem", "key.pem"])
    }

    @Test func `the key is for its owner only, also where an open file stood before`() throws {
        let folder = try TemporaryFolder()
        let key = try folder.write("old", to: "key.pem")
        chmod(key, 0o666)

        try SelfSignedAuthority.write(to: folder.path, names: ["localhost"])

        var status = stat()
        try #require(stat(key, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `a second run replaces the first, all three files`() throws {
        let folder = try TemporaryFolder()
        try SelfSignedAuthority.write(to: folder.path, names: ["localhost"])
        let first = try folder.read("ca.pem")

        try SelfSignedAuthority.write(to: folder.path, names: ["localhost"])

        #expect(try folder.read("ca.pem") != first)
        _ = try TLSServerContext(
            TLSServerSettings(
                certificates: [
                    .init(chain: folder.path + "/chain.pem", key: folder.path + "/key.pem")
                ],
                minVersion: .tls12, applicationProtocols: []))
    }

    @Test(
        "Names that would smuggle others in are refused",
        arguments: [[], [""], ["a,DNS:b"], ["a b"], ["a\nb"], ["1.2.3.4,IP:5.6.7.8"]])
    func names(names: [String]) throws {
        let folder = try TemporaryFolder()
        let path = folder.path

        #expect(throws: TLSSetupError.self) {
            try SelfSignedAuthority.write(to: path, names: names)
        }
    }

    @Test func `a directory that cannot be made is named`() {
        let error = #expect(throws: TLSSetupError.self) {
            try SelfSignedAuthority.write(to: "/proc/sluice", names: ["localhost"])
        }

        #expect(error?.message.hasPrefix("cannot make the directory /proc/sluice: ") == true)
    }
}
