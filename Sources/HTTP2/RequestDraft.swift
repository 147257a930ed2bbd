import HTTP1
import HTTPModel

/// A request's fields as they come, one by one. They are counted before they are kept.
struct RequestDraft {
    private var method: [UInt8] = []
    private var path: [UInt8] = []
    private var authority: [UInt8]?
    private var upgrade: [UInt8]?
    private var cookie: [UInt8] = []
    private var fields = Fields()
    private var fieldCount = 0
    private var bytes = 0
    private var excess: HTTP1Error?
    /// Whether there was no room for it.
    private(set) var isRefused = false

    /// What is kept of it.
    var keptBytes: Int { method.count + path.count + cookie.count + fields.bytes.count }

    mutating func refuse() {
        isRefused = true
        exceed(.headTooLong)
    }

    /// What a field costs beside its bytes (RFC 9113, section 6.5.2).
    static let overhead = 32

    mutating func add(name: Span<UInt8>, value: Span<UInt8>, limits: SessionLimits) {
        fieldCount += 1
        bytes += name.count + value.count + Self.overhead
        guard excess == nil else { return }
        guard bytes <= limits.headerBytesMax else { return exceed(.headTooLong) }
        guard fieldCount <= limits.fieldCountMax else { return exceed(.tooManyFields) }
        if name.count > 0, name[0] == UInt8(ascii: ":") {
            // The target has a limit of its own.
            addPseudo(name, value)
        } else if FieldName(name) == .cookie {
            // One field for the gateway (RFC 9113, section 8.2.3).
            if !cookie.isEmpty { cookie += [UInt8(ascii: ";"), UInt8(ascii: " ")] }
            cookie.append(copying: value)
            if name.count + cookie.count > limits.fieldBytesMax { exceed(.fieldTooLong) }
        } else if name.count + value.count > limits.fieldBytesMax {
            exceed(.fieldTooLong)
        } else {
            fields.append(name: name, value: value)
        }
    }

    /// Nothing of it is needed any more.
    private mutating func exceed(_ error: HTTP1Error) {
        excess = error
        (method, path, authority, cookie, fields) = ([], [], nil, [], Fields())
    }

    private mutating func addPseudo(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        let bytes = [UInt8](copying: value)
        switch String(decoding: [UInt8](copying: name), as: UTF8.self) {
        case ":method": method = bytes
        case ":path": path = bytes
        case ":authority": authority = bytes
        case ":protocol": upgrade = bytes
        default: return  // `:scheme`; nghttp2 has refused all others.
        }
    }

    /// The request, or why there is none.
    consuming func head(
        isComplete: Bool, limits: SessionLimits
    ) throws(HTTP1Error) -> RequestHead {
        if let excess { throw excess }
        var fields = fields
        if !cookie.isEmpty { fields.append(name: Array("cookie".utf8).span, value: cookie.span) }
        return try RequestParser.assemble(
            method: method, target: path, authority: authority, upgrade: upgrade, fields: fields,
            isComplete: isComplete, targetBytesMax: limits.targetBytesMax)
    }
}

extension [UInt8] {
    package init(copying span: Span<UInt8>) {
        self = []
        append(copying: span)
    }

    package mutating func append(copying span: Span<UInt8>) {
        for index in span.indices { append(span[index]) }
    }
}
