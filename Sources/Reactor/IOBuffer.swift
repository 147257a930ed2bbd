/// A fixed block of bytes that a reactor lends to whoever is moving bytes right now.
///
/// A class, because the one buffer of a worker is used by all its connections in turn. Nobody keeps
/// bytes in it across a turn.
@safe package final class IOBuffer {
    // SAFETY: `base` is allocated for `capacity` bytes for as long as the object lives, and every
    // range is checked against it before the memory is touched.
    private let base: UnsafeMutableRawPointer
    package let capacity: Int

    package init(capacity: Int) {
        unsafe base = .allocate(byteCount: capacity, alignment: 64)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
        self.capacity = capacity
    }

    deinit { unsafe base.deallocate() }

    /// The bytes of `range`, to look at.
    @_lifetime(borrow self)
    package func bytes(_ range: Range<Int>) -> Span<UInt8> {
        check(range)
        // SAFETY: the range was just checked, and the span borrows `self`.
        let span = unsafe Span<UInt8>(
            _unsafeStart: UnsafePointer(
                (base + range.lowerBound).assumingMemoryBound(to: UInt8.self)),
            count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Lends the bytes of `range` to be written.
    package func withMutableBytes<Result>(
        _ range: Range<Int>, _ body: (inout MutableSpan<UInt8>) -> Result
    ) -> Result {
        check(range)
        // SAFETY: the range was just checked, and the span does not outlive the call.
        var span = unsafe MutableSpan<UInt8>(
            _unsafeStart: (base + range.lowerBound).assumingMemoryBound(to: UInt8.self),
            count: range.count)
        return body(&span)
    }

    /// Moves bytes within the buffer; the ranges may overlap.
    package func move(_ range: Range<Int>, to offset: Int) {
        check(range)
        check(offset..<offset + range.count)
        // SAFETY: both ranges were just checked.
        unsafe (base + offset).copyMemory(from: base + range.lowerBound, byteCount: range.count)
    }

    /// Copies `bytes` into the buffer.
    package func copy(_ bytes: Span<UInt8>, to offset: Int) {
        check(offset..<offset + bytes.count)
        for index in bytes.indices {
            // SAFETY: the whole range was just checked.
            unsafe base.storeBytes(of: bytes[index], toByteOffset: offset + index, as: UInt8.self)
        }
    }

    private func check(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity, "Outside the buffer.")
    }
}
