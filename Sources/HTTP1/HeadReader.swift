import HTTPModel

/// Reads one head from front to back. It holds the only copy of the head's bytes, which become
/// those of its fields.
///
/// Invariant: position ≤ bytes.count.
struct HeadReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(copying head: Span<UInt8>, limits: HeadLimits) throws(HTTP1Error) {
        // Offsets of fields are 32 bits wide, whatever the settings say.
        guard head.count <= limits.headBytesMax, head.count < Int(UInt32.max) else {
            throw .headTooLong
        }
        bytes = [UInt8](capacity: head.count) { copy in
            for index in head.indices { copy.append(head[index]) }
        }
    }

    /// The next byte, without taking it.
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Takes the bytes as long as `belongs` holds.
    mutating func take(while belongs: (UInt8) -> Bool) -> Range<Int> {
        let start = position
        var end = position
        while end < bytes.count, belongs(bytes[end]) { end += 1 }
        position = end
        return start..<end
    }

    /// Takes exactly `byte`, or nothing.
    mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// Takes exactly the bytes of `text`, or nothing.
    mutating func take(_ text: StaticString) -> Bool {
        let before = position
        for byte in text.description.utf8 where !take(byte) {
            position = before
            return false
        }
        return true
    }

    /// Takes the end of a line: CR and LF, nothing else.
    mutating func takeLineEnd() -> Bool {
        take(ASCII.carriageReturn) && take(ASCII.lineFeed)
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// Takes `HTTP/1.0` or `HTTP/1.1`. Another version that is well written is its own error.
    mutating func takeVersion() throws(HTTP1Error) -> HTTPVersion {
        guard take("HTTP/"), let major = takeDigit(), take(UInt8(ascii: ".")),
            let minor = takeDigit()
        else { throw .badStartLine }
        switch (major, minor) {
        case (1, 0): return .http10
        case (1, 1): return .http11
        case (_, _):
            // `HTTP/1.32` is no version at all.
            guard next == ASCII.carriageReturn || next == ASCII.space else { throw .badStartLine }
            throw .versionNotSupported
        }
    }

    mutating func takeDigit() -> Int? {
        guard let byte = next, byte.isDigit else { return nil }
        position += 1
        return Int(byte - UInt8(ascii: "0"))
    }

    /// Takes all field lines and the blank line, which must end the head.
    mutating func takeFields(
        countMax: Int, bytesMax: Int
    ) throws(HTTP1Error) -> Fields {
        var entries: [Fields.Entry] = []
        entries.reserveCapacity(16)
        while next != ASCII.carriageReturn {
            let entry = try takeField()
            guard entry.name.count + entry.value.count <= bytesMax else { throw .fieldTooLong }
            guard entries.count < countMax else { throw .tooManyFields }
            entries.append(entry)
        }
        guard takeLineEnd() else { throw .forbiddenByte }
        guard position == bytes.count else { throw .badField }
        return Fields(bytes: bytes, entries: entries)
    }

    /// Takes one field line (RFC 9112, section 5). A folded line begins with a space, which is no
    /// name, and so does one whose name is cut off from its colon.
    private mutating func takeField() throws(HTTP1Error) -> Fields.Entry {
        let name = take { $0.isToken }
        guard !name.isEmpty, take(ASCII.colon) else { throw .badField }
        _ = take { $0.isOptionalSpace }
        let line = take { $0.isFieldValue }
        guard takeLineEnd() else { throw .forbiddenByte }
        return Fields.Entry(
            known: FieldName(bytes.span.extracting(name)), name: name,
            value: trimmingEnd(of: line))
    }

    private func trimmingEnd(of value: Range<Int>) -> Range<Int> {
        var end = value.upperBound
        while end > value.lowerBound, bytes[end - 1].isOptionalSpace { end -= 1 }
        return value.lowerBound..<end
    }
}
