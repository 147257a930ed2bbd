import Foundation
import TLS
import TestSupport
import Testing

extension Scenarios {
    @Suite("Certificates change")
    struct CertificateTests {
        @Test func `T17: new connections get the new pair, old ones stay`() async throws {
            let stage = try await Stage()
            let live = try await stage.sluice.openStream("alice")
            let idle = stage.sluice.client()
            idle.request("GET", "/hello")
            _ = try await idle.whole()

            try SelfSignedAuthority.write(to: stage.sluice.folder.path, names: ["localhost"])
            let line = try await stage.sluice.reload()
            let client = try stage.sluice.client(protocols: ["http/1.1"])
            client.request("GET", "/hello")

            #expect(line.list("changed") == ["certificates"])
            #expect(try await client.whole().status == 200)
            guard case .failed = try await stage.sluice.client().handshake() else {
                Issue.record("the old certificate is still served")
                return
            }
            idle.request("GET", "/hello")
            #expect(try await idle.whole(1).status == 200)
            #expect(live.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test(
            "T16 P14: a pair that cannot work changes nothing, not even the policies",
            arguments: ["key.pem", "chain.pem"])
        func brokenPair(file: String) async throws {
            let stage = try await Stage()
            let other = try TemporaryFolder()
            try SelfSignedAuthority.write(to: other.path, names: ["localhost"])
            // One half of another pair: each file is sound and the two do not fit.
            try stage.sluice.folder.write(try other.read(file), to: file)

            let line = try await stage.sluice.reload(["default.yaml": SluiceOptions.cap(5)])

            #expect(line.event == "reload_failed")
            #expect(line.list("problems").first?.contains("does not belong") == true, "\(line)")
            let first = try await stage.sluice.openStream("alice")
            _ = try await stage.sluice.openStream("alice")
            #expect(try await first.end() == .closeNotify)
            try await stage.expectSoundEnd()
        }

        @Test func `P14: a good pair and a bad policy: neither is taken`() async throws {
            let stage = try await Stage()
            try SelfSignedAuthority.write(to: stage.sluice.folder.path, names: ["localhost"])

            let line = try await stage.sluice.reload(["default.yaml": "version: 2\n"])

            #expect(line.event == "reload_failed")
            // It trusts the first certificate, and that is the one it meets.
            #expect(try await stage.sluice.client().handshake() == .done)
            try await stage.expectSoundEnd()
        }

        @Test(
            "T16: at the start a pair that cannot work is one line and an exit code",
            arguments: ["missing", "mismatch", "garbage"])
        func start(fault: String) async throws {
            let folder = try TemporaryFolder()
            try SelfSignedAuthority.write(to: folder.path, names: ["localhost"])
            try folder.write(SluiceOptions.cap(1), to: "policies/default.yaml")
            let other = try TemporaryFolder()
            try SelfSignedAuthority.write(to: other.path, names: ["localhost"])
            switch fault {
            case "missing": try FileManager.default.removeItem(atPath: folder.path + "/key.pem")
            case "mismatch": try folder.write(try other.read("key.pem"), to: "key.pem")
            case _: try folder.write("-----BEGIN NONSENSE-----\n", to: "key.pem")
            }

            let child = try ChildProcess([
                try SluiceProcess.binary(), "run", "--listen", "127.0.0.1:0", "--gateway",
                "http://127.0.0.1:1", "--cert", folder.path + "/chain.pem", "--key",
                folder.path + "/key.pem", "--policies", folder.path + "/policies", "--token",
                "bearer",
            ])

            let exit = try await child.waitForExit()
            #expect(exit == .code(64) || exit == .code(71))
            #expect(child.errors.contains("key.pem"), "\(child.errors)")
            #expect(child.errors.split(separator: "\n").count == 1, "\(child.errors)")
        }
    }
}
