import HTTPModel

/// Reads a request target of any form into the one form that policies match and the gateway gets
/// (RFC 9112, section 3.2).
enum TargetParser {
    /// A target, and the authority when it was in absolute form.
    struct Result {
        let target: RequestTarget
        let authority: ArraySlice<UInt8>?
    }

    /// `written` holds visible ASCII only.
    static func parse(
        _ written: ArraySlice<UInt8>, method: Method
    ) throws(HTTP1Error) -> Result {
        if written.first == ASCII.slash {
            return Result(target: try originForm(written), authority: nil)
        }
        if written.elementsEqual("*".utf8) {
            guard method == .options else { throw .badTarget }
            return Result(target: RequestTarget(path: "*", query: nil), authority: nil)
        }
        guard let rest = afterScheme(written) else { throw .badTarget }
        return try absoluteForm(rest, method: method)
    }

    private static func afterScheme(_ written: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        for scheme in ["http://", "https://"] {
            let length = scheme.utf8.count
            if written.prefix(length).equalsIgnoringCase(scheme.utf8) {
                return written.dropFirst(length)
            }
        }
        return nil
    }

    private static func absoluteForm(
        _ rest: ArraySlice<UInt8>, method: Method
    ) throws(HTTP1Error) -> Result {
        let authority = rest.prefix { $0 != ASCII.slash && $0 != UInt8(ascii: "?") }
        let local = rest[authority.endIndex...]
        let target: RequestTarget
        if local.first == ASCII.slash {
            target = try originForm(local)
        } else if local.isEmpty {
            // Nothing after the authority: the whole server for OPTIONS, its root for the others.
            target = RequestTarget(path: method == .options ? "*" : "/", query: nil)
        } else {
            throw .badTarget  // A query without a path is not read by everybody.
        }
        return Result(target: target, authority: authority)
    }

    private static func originForm(_ written: ArraySlice<UInt8>) throws(HTTP1Error) -> RequestTarget
    {
        let path = written.prefix { $0 != UInt8(ascii: "?") }
        let rest = written[path.endIndex...]
        return RequestTarget(
            path: try PathNormalizer.normalize(path),
            query: rest.isEmpty ? nil : try query(rest.dropFirst()))
    }

    private static func query(_ written: ArraySlice<UInt8>) throws(HTTP1Error) -> String {
        guard !written.contains(UInt8(ascii: "#")) else { throw .badTarget }
        return String(decoding: written, as: UTF8.self)
    }
}
