private import COpenSSL
private import Glibc

/// The bytes of a small file that TLS is set up from, wiped when they are let go: it may be a key.
///
/// One read, then parsing from memory: what is checked is what is used, even if the file is
/// replaced meanwhile (T17).
@safe struct SetupFile: ~Copyable {
    /// Far more than any chain; a bound against a wrong path such as a log or a device.
    static let lengthMax = 1 << 20

    let path: String
    private let storage: UnsafeMutableRawPointer
    private let count: Int

    init(_ path: String, purpose: String) throws(TLSSetupError) {
        // SAFETY: the path is a string that lives across the call.
        guard let file = unsafe fopen(path, "rbe") else {
            throw Self.unreadable(path, purpose, systemErrorText(errno))
        }
        let capacity = Self.lengthMax + 1  // One more, to see that there is more.
        let storage = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        // SAFETY: no more is read than was allocated; the file is open until `fclose`.
        let count = unsafe fread(storage, 1, capacity, file)
        let systemError = unsafe ferror(file) != 0 ? errno : 0
        unsafe fclose(file)

        if systemError != 0 || count == 0 || count == capacity {
            unsafe Self.discard(storage, count)
            if systemError != 0 {
                throw Self.unreadable(path, purpose, systemErrorText(systemError))
            }
            let problem = count == 0 ? "is empty" : "has more than \(Self.lengthMax) bytes"
            throw TLSSetupError("\(path) \(problem); it must hold \(purpose) in PEM form")
        }
        self.path = path
        unsafe self.storage = storage
        self.count = count
    }

    deinit { unsafe Self.discard(storage, count) }

    private static func discard(_ storage: UnsafeMutableRawPointer, _ count: Int) {
        // SAFETY: `count` bytes of the storage were written, and nobody else has the pointer.
        unsafe OPENSSL_cleanse(storage, count)
        unsafe storage.deallocate()
    }

    func contains(_ text: String) -> Bool {
        // SAFETY: the first `count` bytes are initialized, and the view does not outlive the call.
        unsafe UnsafeRawBufferPointer(start: storage, count: count).contains(text.utf8)
    }

    /// Lends the bytes as the source that OpenSSL's parsers read from. It must not leave `body`.
    func withSource<Value: ~Copyable>(
        _ body: (_ source: OpaquePointer) throws(TLSSetupError) -> Value
    ) throws(TLSSetupError) -> Value {
        // SAFETY: the source only points at the storage, and is freed before the storage is.
        guard let source = unsafe BIO_new_mem_buf(storage, CInt(count)) else {
            throw TLSSetupError("no memory to read \(path)")
        }
        defer { unsafe BIO_free(source) }
        return try unsafe body(source)
    }

    private static func unreadable(
        _ path: String, _ purpose: String, _ problem: String
    ) -> TLSSetupError {
        TLSSetupError(
            "cannot read \(path): \(problem); it must hold \(purpose), and the user that runs "
                + "sluice must be allowed to read it")
    }
}

/// The system's words for an error number.
func systemErrorText(_ code: CInt) -> String {
    // SAFETY: glibc returns a constant, or a buffer of this thread; it is copied at once.
    unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
}
