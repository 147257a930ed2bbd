import HTTP1
import HTTP1Reading
import HTTPModel

/// What request heads and response heads have in common.
enum Heads {
    static let ample = HeadLimits(
        headBytesMax: 1_048_576, fieldCountMax: 1000, fieldBytesMax: 1_048_576,
        targetBytesMax: 1_048_576)
    /// The default, and one that short inputs reach.
    static let limits = [
        HeadLimits(),
        HeadLimits(headBytesMax: 160, fieldCountMax: 4, fieldBytesMax: 40, targetBytesMax: 24),
    ]

    /// What came of the head that `pieces` begin with, in words that can be compared.
    static func outcome(
        of pieces: [[UInt8]], _ limits: HeadLimits,
        _ parse: ([UInt8]) throws(HTTP1Error) -> String
    ) -> String {
        do throws(HTTP1Error) {
            guard let head = try findHead(in: pieces, limits: limits) else { return "more" }
            return "\(head.count) \(try parse(head))"
        } catch {
            return error.reason
        }
    }

    /// Fields as they are, with bytes that are no text.
    static func lines(of fields: Fields) -> [[UInt8]] {
        fields.entries.map { fields.bytes[$0.name] + [0x3A] + fields.bytes[$0.value] }
    }
}
