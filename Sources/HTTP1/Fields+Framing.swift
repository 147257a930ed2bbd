import HTTPModel

/// The two fields that say how long a body is (RFC 9112, section 6).
extension Fields {
    /// What one head says about the length of its body.
    enum DeclaredLength { case none, length(Int64), chunked }

    /// The only line of `name`, `nil` when there is none.
    ///
    /// - Throws: `error` when the name is given twice, even with equal values.
    func onlyLine(
        _ name: FieldName, orThrow error: HTTP1Error
    ) throws(HTTP1Error) -> Entry? {
        var only: Entry?
        for entry in entries where entry.known == name {
            guard only == nil else { throw error }
            only = entry
        }
        return only
    }

    /// The declared length. Both fields at once, one of them twice, a list, or any coding but
    /// `chunked` could be read in two ways and is refused.
    func declaredLength(_ version: HTTPVersion) throws(HTTP1Error) -> DeclaredLength {
        let length = try onlyLine(.contentLength, orThrow: .badContentLength)
        let coding = try onlyLine(.transferEncoding, orThrow: .badTransferEncoding)
        switch (length, coding) {
        case (nil, nil):
            return .none
        case (.some, .some):
            throw .ambiguousLength
        case (let length?, nil):
            guard let count = decimal(length.value) else { throw .badContentLength }
            return .length(count)
        case (nil, let coding?):
            guard version == .http11, bytes[coding.value].equalsIgnoringCase("chunked".utf8) else {
                throw .badTransferEncoding
            }
            return .chunked
        }
    }

    /// Whether `entry` is padded by more than the customary space. For the lengths of a request we
    /// take no other spelling: what trims differently would read another message.
    func isPadded(_ entry: Entry) -> Bool {
        let start = entry.name.upperBound + 1  // Behind the colon.
        let end = entry.value.upperBound
        let hasPlainStart =
            entry.value.lowerBound == start
            || (entry.value.lowerBound == start + 1 && bytes[start] == ASCII.space)
        return !hasPlainStart || (end < bytes.count && bytes[end] != ASCII.carriageReturn)
    }

    /// Digits and nothing else, within `Int64`.
    private func decimal(_ range: Range<Int>) -> Int64? {
        guard !range.isEmpty, range.count <= 19 else { return nil }
        var value: Int64 = 0
        for byte in bytes[range] {
            guard byte.isDigit else { return nil }
            let (shifted, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, tooLargeNow) = shifted.addingReportingOverflow(
                Int64(byte - UInt8(ascii: "0")))
            guard !tooLarge, !tooLargeNow else { return nil }
            value = sum
        }
        return value
    }
}
