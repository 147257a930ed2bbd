import Foundation
import TestSupport
import Testing

extension RealSoftware {
    /// What is no stream passes as if Sluice were not there.
    @Suite("Ordinary requests, with curl")
    struct OrdinaryTests {
        @Test(arguments: [
            (["--header", "Expect: 100-continue"], "length"), (["--header", "Expect:"], "length"),
            (["--header", "Transfer-Encoding: chunked"], "chunked"),
        ])
        func `an upload arrives whole`(options: [String], framing: String) async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let file = try UploadFile(random: 3_000_001)

            let upload = ["--data-binary", "@\(file.path)"] + options
            let answer = try await Curl(sluice, "/upload", with: upload).answer()

            #expect(answer.text == #"{"bytes":3000001}"#)
            let uploaded = try await gateway.reporter.line("uploaded")
            #expect(uploaded["sha256"] == (try await file.sha256()))
            #expect(uploaded["framing"] == framing)
            #expect(try await sluice.log("request").number("status") == 200)
            try await sluice.expectSoundEnd()
        }

        // Over HTTP/2 this curl stops in the middle of the length that it has announced, which is a
        // PROTOCOL_ERROR (F20): there it must announce none.
        @Test(arguments: [
            ["--http1.1", "--header", "Expect:"], ["--header", "Transfer-Encoding: chunked"],
            ["--http1.1", "--header", "Transfer-Encoding: chunked"],
        ])
        func `an answer that comes before the upload is over reaches the client`(
            options: [String]
        ) async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let file = try UploadFile(zeros: 20_000_000)

            let upload = ["--data-binary", "@\(file.path)"] + options
            let answer = try await Curl(sluice, "/refuse", with: upload).answer()

            #expect(answer.status == 413)
            #expect(answer.text == "too much")
            let line = try await sluice.log("request")
            #expect(line.number("status") == 413)
            #expect(sluice.count("error") == 0)
            try await sluice.expectSoundEnd()
        }

        @Test func `HEAD, 304 and gzip share one connection with whole answers`() async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)

            let plain = try await Curl(sluice, "/page", "/page").answers()
            let head = try await Curl(sluice, "/page", "/page", with: ["--head"]).answers()
            let fresh = ["--header", "If-None-Match: \"1\""]
            let unchanged = try await Curl(sluice, "/page", "/page", with: fresh).answers()
            let packed = try await Curl(sluice, "/page", "/page", with: ["--compressed"]).answers()

            let page = String(repeating: "a page\n", count: 1000)
            #expect(plain.map(\.text) == [page, page])
            #expect(packed.map(\.text) == [page, page])
            #expect(head.allSatisfy { $0.lines.contains("content-length: 7000") })
            #expect(unchanged.map(\.status) == [304, 304])
            for answers in [plain, head, unchanged, packed] {
                #expect(answers.map(\.connects) == [1, 0])
            }
            try await sluice.log("request", count: 8)
            let statuses = sluice.lines("request").compactMap { $0.number("status") }
            #expect(statuses == [200, 200, 200, 200, 304, 304, 200, 200])
            try await sluice.expectSoundEnd()
        }

        @Test func `a huge upload and download pass in constant memory`() async throws {
            let size = Scale.pick(small: 64, normal: 256, full: 1024) * 1_048_576
            let nginx = try await NchanGateway()
            let uvicorn = try await UvicornGateway()
            let file = try UploadFile(zeros: size, at: nginx.folder.path + "/files/huge")

            for (gateway, target, options) in [
                (nginx.address, "/huge", ["--output", "/dev/null"]),
                (uvicorn.address, "/upload", ["--request", "POST", "--upload-file", file.path]),
            ] {
                let sluice = try await SluiceProcess(gateway: gateway)
                _ = try await Curl(sluice, "/page.txt").answer()
                let before = sluice.child.residentKiB
                _ = try await Curl(sluice, target, with: options).answer()
                #expect(sluice.child.peakResidentKiB < before + 16_384)
                try await sluice.expectSoundEnd()
            }
            let served = try await nginx.request { $0["uri"] == "/huge" }
            #expect(served.number("bytes") == size)
            #expect(try await uvicorn.reporter.line("uploaded").number("bytes") == size)
        }
    }
}
