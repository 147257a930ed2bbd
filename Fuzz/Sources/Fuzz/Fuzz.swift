import CFuzzer
import FuzzTargets
import Glibc

/// libFuzzer around one target, which `SLUICE_FUZZ` names. The arguments are libFuzzer's own.
@main
enum Fuzz {
    static func main() {
        guard let target else {
            let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
            print("SLUICE_FUZZ must be one of: \(names)")
            exit(64)
        }
        print("target: \(target.rawValue)")
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments, testOneInput))
    }

    static let target = getenv("SLUICE_FUZZ").flatMap {
        FuzzTarget(rawValue: String(cString: $0))
    }
}

private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try Fuzz.target?.run(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        // libFuzzer keeps the input of whatever ends here.
        fatalError("\(error)")
    }
    return 0
}
