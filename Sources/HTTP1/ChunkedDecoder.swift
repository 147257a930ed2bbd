import HTTPModel

/// Reads chunks (RFC 9112, section 7.1): size line, payload, CR LF, and so on to the empty chunk
/// and its trailers, which are checked, and kept where somebody wants them.
struct ChunkedDecoder: Sendable {
    /// Extensions carry nothing for us. This many bytes of them may come beyond the payload: each
    /// byte of payload pays for one, so that a long stream with extensions never ends by itself,
    /// and tiny chunks with long extensions do.
    static let extensionBytesMax = 4096
    static let trailerBytesMax = 8192
    static let trailerCountMax = 64
    /// As many digits as a 64-bit number has.
    private static let sizeDigitsMax = 16

    private enum Place {
        case atSize, inSize, inExtension, atSizeEnd
        case inData, atDataEnd, atDataLineFeed
        case atTrailerStart, inTrailerName, inTrailerValue, atTrailerEnd, atLastLineFeed
        case done
    }

    private var place = Place.atSize
    /// The size while it is read, then what is left of the chunk.
    private var remaining: Int64 = 0
    private var sizeDigits = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerCount = 0
    private let keepsTrailers: Bool
    /// The trailers as they came, with their blank line; empty without any.
    private var trailerSection: [UInt8] = []

    init(keepsTrailers: Bool) { self.keepsTrailers = keepsTrailers }

    var isComplete: Bool { place == .done }

    /// What came behind the last chunk and may be passed on; `nil` when there is nothing.
    func trailers() throws(HTTP1Error) -> Fields? {
        guard isComplete, !trailerSection.isEmpty else { return nil }
        let trailers = try Trailers.read(trailerSection)
        return trailers.entries.isEmpty ? nil : trailers
    }

    mutating func next(
        _ bytes: Span<UInt8>, from start: Int
    ) throws(HTTP1Error) -> BodyDecoder.Step {
        var index = start
        while place != .done {
            guard index < bytes.count else { return .needMore }
            if place == .inData {
                let count = Int(min(remaining, Int64(bytes.count - index)))
                remaining -= Int64(count)
                if remaining == 0 { place = .atDataEnd }
                return .data(index..<index + count)
            }
            try step(over: bytes[index])
            index += 1
        }
        return .end(index)
    }

    private mutating func step(over byte: UInt8) throws(HTTP1Error) {
        switch place {
        case .atSize, .inSize, .inExtension, .atSizeEnd:
            try stepInSizeLine(byte)
        case .atDataEnd:
            guard byte == ASCII.carriageReturn else { throw .badChunk }
            place = .atDataLineFeed
        case .atDataLineFeed:
            guard byte == ASCII.lineFeed else { throw .badChunk }
            (place, remaining, sizeDigits) = (.atSize, 0, 0)
        case .atTrailerStart, .inTrailerName, .inTrailerValue, .atTrailerEnd, .atLastLineFeed:
            try stepInTrailers(byte)
        case .inData, .done:
            return  // `next` does not step here.
        }
    }

    private mutating func stepInSizeLine(_ byte: UInt8) throws(HTTP1Error) {
        switch (place, byte) {
        case (.inSize, ASCII.carriageReturn), (.inExtension, ASCII.carriageReturn):
            place = .atSizeEnd
        case (.atSizeEnd, ASCII.lineFeed):
            extensionBytes = Int(max(0, Int64(extensionBytes) - remaining))
            place = remaining == 0 ? .atTrailerStart : .inData
        case (.atSize, _), (.inSize, _):
            try addToSize(byte)
        case (.inExtension, _):
            guard byte.isFieldValue else { throw .badChunk }
            try countExtensionByte()
        case (_, _):
            throw .badChunk
        }
    }

    private mutating func addToSize(_ byte: UInt8) throws(HTTP1Error) {
        if place == .inSize, byte == UInt8(ascii: ";") {
            place = .inExtension
            return try countExtensionByte()
        }
        guard let digit = byte.hexValue, sizeDigits < Self.sizeDigitsMax,
            remaining <= Int64.max >> 4
        else { throw .badChunk }
        remaining = remaining << 4 | Int64(digit)
        sizeDigits += 1
        place = .inSize
    }

    private mutating func countExtensionByte() throws(HTTP1Error) {
        extensionBytes += 1
        guard extensionBytes <= Self.extensionBytesMax else { throw .chunkExtensionTooLong }
    }

    private mutating func stepInTrailers(_ byte: UInt8) throws(HTTP1Error) {
        trailerBytes += 1
        guard trailerBytes <= Self.trailerBytesMax else { throw .trailerTooLong }
        if keepsTrailers, trailerCount > 0 || byte.isToken { trailerSection.append(byte) }
        switch (place, byte) {
        case (.atTrailerStart, ASCII.carriageReturn): place = .atLastLineFeed
        case (.atLastLineFeed, ASCII.lineFeed): place = .done
        case (.atTrailerStart, _):
            guard byte.isToken else { throw .badTrailer }
            trailerCount += 1
            guard trailerCount <= Self.trailerCountMax else { throw .trailerTooLong }
            place = .inTrailerName
        case (.inTrailerName, ASCII.colon): place = .inTrailerValue
        case (.inTrailerName, _):
            guard byte.isToken else { throw .badTrailer }
        case (.inTrailerValue, ASCII.carriageReturn): place = .atTrailerEnd
        case (.inTrailerValue, _):
            guard byte.isFieldValue else { throw .badTrailer }
        case (.atTrailerEnd, ASCII.lineFeed): place = .atTrailerStart
        case (_, _): throw .badTrailer
        }
    }
}
