import TestSupport
import Testing

extension RealSoftware {
    /// See Fixtures/h2transfer.py and, for a gigabyte, Benchmarks/transfer.
    @Suite("Large bodies over HTTP/2")
    struct H2TransferTests {
        private let size = 64 * 1_048_576
        /// What one transfer may add to the resident memory, whatever its length.
        private let growthKiB = 8192

        private func transfer(_ sluice: SluiceProcess, _ order: String...) throws -> Reporter {
            try Reporter(
                [
                    Fixtures.python(), "-B", Fixtures.path("h2transfer.py"),
                    "\(sluice.address.port)", sluice.folder.path + "/ca.pem",
                ] + order)
        }

        @Test(arguments: [("--http1.1", "http/1.1"), ("--http2", "h2")])
        func `64 MB pass up and down unchanged, and memory stays flat`(
            option: String, name: String
        ) async throws {
            let nginx = try await NchanGateway()
            let uvicorn = try await UvicornGateway()
            let file = try UploadFile(random: size, at: nginx.folder.path + "/files/large")
            let copy = nginx.folder.path + "/copy"
            for (gateway, target, options) in [
                (nginx.address, "/large", ["--output", copy]),
                (uvicorn.address, "/upload", ["--request", "POST", "--upload-file", file.path]),
            ] {
                let sluice = try await SluiceProcess(gateway: gateway)
                _ = try await Curl(sluice, "/page.txt", with: [option]).answer()
                let before = sluice.child.residentKiB
                let answer = try await Curl(sluice, target, with: options + [option]).answer()
                #expect(answer.status == 200)
                #expect(sluice.child.peakResidentKiB < before + growthKiB)
                try await sluice.log("request", count: 2)
                #expect(sluice.lines("request").last?["protocol"] == name)
                try await sluice.expectSoundEnd()
            }
            let sum = try await file.sha256()
            #expect(try await UploadFile(at: copy).sha256() == sum)
            #expect(try await uvicorn.reporter.line("uploaded")["sha256"] == sum)
            let served = try await nginx.request { $0["uri"] == "/large" }
            #expect(served.number("bytes") == size)
        }

        @Test func `Python's h2 sends 64 MB through its window`() async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let before = sluice.child.residentKiB
            let client = try transfer(sluice, "upload", "/upload", "\(size)")

            let sent = try await client.line("sent")
            let arrived = try await gateway.reporter.line("uploaded")
            #expect(sent["answer"] == #"{"bytes":\#(size)}"#)
            #expect(arrived["sha256"] == sent["sha256"])
            #expect(sluice.child.peakResidentKiB < before + growthKiB)
            let line = try await sluice.log("request")
            #expect(line["protocol"] == "h2")
            #expect(line.number("status") == 200)
            try await sluice.expectSoundEnd()
        }

        @Test func `a stream that nobody reads stalls nobody else, on its connection or off it`()
            async throws
        {
            let nginx = try await NchanGateway()
            let file = try UploadFile(random: size, at: nginx.folder.path + "/files/large")
            let other = try UploadFile(random: 5_000_001, at: nginx.folder.path + "/files/other")
            let sluice = try await SluiceProcess(gateway: nginx.address)
            let before = sluice.child.residentKiB
            let client = try transfer(sluice, "slow", "/large", "/other")

            let stalled = try await client.line("stalled")
            let elsewhere = try await Curl(sluice, "/page.txt", with: ["--http2"]).answer()
            #expect(elsewhere.text == "a page\n")
            // Three whole ones, while of the first no more came than its window.
            let sum = try await other.sha256()
            #expect(client.lines("fetched").map { $0["sha256"] } == [sum, sum, sum])
            #expect((stalled.number("bytes") ?? .max) <= 65_535)
            #expect(sluice.lines("request").allSatisfy { $0["path"] != "/large" })
            #expect(nginx.reporter.lines("request").allSatisfy { $0["uri"] != "/large" })
            #expect(sluice.child.peakResidentKiB < before + growthKiB)

            client.child.type("\n")
            let read = try await client.line("read")
            #expect(read.number("bytes") == size)
            #expect(read["sha256"] == (try await file.sha256()))
            try await sluice.log("request") {
                $0["path"] == "/large" && $0.number("status") == 200 && $0["protocol"] == "h2"
            }
            #expect(sluice.child.peakResidentKiB < before + growthKiB)
            #expect(sluice.count("error") == 0)
            try await sluice.expectSoundEnd()
        }
    }
}
