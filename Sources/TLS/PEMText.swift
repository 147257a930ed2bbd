private import COpenSSL
private import Glibc

/// A certificate or a key as PEM, ready for a file.
@safe struct PEMText {
    let bytes: [UInt8]

    init(_ certificate: borrowing Certificate) throws(TLSSetupError) {
        let pointer = unsafe certificate.pointer
        bytes = try unsafe Self.text { unsafe PEM_write_bio_X509($0, pointer) }
    }

    init(_ key: borrowing PrivateKey) throws(TLSSetupError) {
        let pointer = unsafe key.pointer
        bytes = try unsafe Self.text {
            unsafe PEM_write_bio_PrivateKey($0, pointer, nil, nil, 0, nil, nil)
        }
    }

    /// Puts the text into a file, all or nothing: written beside it under another name, with its
    /// mode from the start, and then moved into place.
    func write(to path: String, mode: UInt32) throws(TLSSetupError) {
        let draft = path + ".new"
        // SAFETY: both paths are strings that live across the calls.
        _ = unsafe unlink(draft)
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw Self.unwritable(path) }
        // SAFETY: the array lends all of its bytes for the call. A small file is one write.
        let isWritten = unsafe Glibc.write(file, bytes, bytes.count) == bytes.count
        let isClosed = close(file) == 0
        guard isWritten, isClosed, unsafe rename(draft, path) == 0 else {
            throw Self.unwritable(path)
        }
    }

    private static func text(
        _ write: (OpaquePointer) -> CInt
    ) throws(TLSSetupError) -> [UInt8] {
        ErrorQueue.clear()
        guard let sink = unsafe BIO_new(BIO_s_mem()) else { throw TLSSetupError("no memory") }
        // SAFETY: the sink is ours until the end of this function.
        defer { unsafe BIO_free(sink) }
        var start: UnsafeMutableRawPointer?
        guard unsafe write(sink) == 1,
            case let count = unsafe BIO_ctrl(sink, BIO_CTRL_INFO, 0, &start), count > 0,
            let start = unsafe start
        else { throw TLSSetupError("OpenSSL writes no PEM: \(ErrorQueue.takeReason())") }
        // SAFETY: the sink owns `count` bytes there; they are copied before it goes.
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    private static func unwritable(_ path: String) -> TLSSetupError {
        TLSSetupError("cannot write \(path): \(systemErrorText(errno))")
    }
}
