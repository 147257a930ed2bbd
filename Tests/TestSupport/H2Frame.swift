/// One frame of HTTP/2 (RFC 9113, section 4), right or wrong.
package struct H2Frame: Equatable, Sendable {
    package struct Kind: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let data = Kind(rawValue: 0)
        package static let headers = Kind(rawValue: 1)
        package static let priority = Kind(rawValue: 2)
        package static let reset = Kind(rawValue: 3)
        package static let settings = Kind(rawValue: 4)
        package static let pushPromise = Kind(rawValue: 5)
        package static let ping = Kind(rawValue: 6)
        package static let goAway = Kind(rawValue: 7)
        package static let windowUpdate = Kind(rawValue: 8)
        package static let continuation = Kind(rawValue: 9)
        package static let altSvc = Kind(rawValue: 10)
        package static let origin = Kind(rawValue: 12)
    }

    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let endStream = Flags(rawValue: 1)
        package static let ack = Flags(rawValue: 1)
        package static let endHeaders = Flags(rawValue: 4)
        package static let padded = Flags(rawValue: 8)
        package static let priority = Flags(rawValue: 32)
    }

    package var kind: Kind
    package var flags: Flags
    package var stream: Int
    package var payload: [UInt8]

    package init(_ kind: Kind, _ flags: Flags = [], on stream: Int = 0, _ payload: [UInt8] = []) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    /// The frame on the wire. With `length` it lies about its payload.
    package func bytes(claiming length: Int? = nil) -> [UInt8] {
        let length = length ?? payload.count
        let head =
            [UInt8(length >> 16 & 0xff), UInt8(length >> 8 & 0xff), UInt8(length & 0xff)]
            + [kind.rawValue, flags.rawValue] + Self.word(stream)
        return head + payload
    }

    static func word(_ value: Int) -> [UInt8] {
        let value = UInt32(truncatingIfNeeded: value)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

extension H2Frame {
    /// What every connection of a client begins with.
    package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    package static func settings(_ values: [(H2Setting, Int)] = []) -> H2Frame {
        H2Frame(
            .settings,
            on: 0,
            values.flatMap { setting, value in
                [UInt8(setting.rawValue >> 8), UInt8(setting.rawValue & 0xff)] + word(value)
            })
    }

    package static let settingsAck = H2Frame(.settings, .ack)

    package static func headers(
        _ block: [UInt8], on stream: Int, endStream: Bool = true, endHeaders: Bool = true
    ) -> H2Frame {
        var flags: Flags = []
        if endStream { flags.insert(.endStream) }
        if endHeaders { flags.insert(.endHeaders) }
        return H2Frame(.headers, flags, on: stream, block)
    }

    package static func continuation(
        _ block: [UInt8], on stream: Int, endHeaders: Bool = false
    ) -> H2Frame {
        H2Frame(.continuation, endHeaders ? .endHeaders : [], on: stream, block)
    }

    package static func data(
        _ payload: [UInt8], on stream: Int, endStream: Bool = false
    ) -> H2Frame {
        H2Frame(.data, endStream ? .endStream : [], on: stream, payload)
    }

    /// DATA with so many bytes of padding, if it holds them.
    package static func padded(
        _ payload: [UInt8], padding: Int, on stream: Int, endStream: Bool = false
    ) -> H2Frame {
        let flags: Flags = endStream ? [.padded, .endStream] : .padded
        return H2Frame(
            .data, flags, on: stream,
            [UInt8(padding)] + payload + [UInt8](repeating: 0, count: padding))
    }

    package static func reset(_ stream: Int, _ code: H2Code = .cancel) -> H2Frame {
        H2Frame(.reset, on: stream, word(code.rawValue))
    }

    package static func windowUpdate(_ stream: Int, by count: Int) -> H2Frame {
        H2Frame(.windowUpdate, on: stream, word(count))
    }

    package static func ping(_ number: UInt8 = 0) -> H2Frame {
        H2Frame(.ping, on: 0, [UInt8](repeating: number, count: 8))
    }

    package static func goAway(
        last stream: Int = 0, _ code: H2Code, debug: String = ""
    ) -> H2Frame {
        H2Frame(.goAway, on: 0, word(stream) + word(code.rawValue) + Array(debug.utf8))
    }

    package static func priority(_ stream: Int, on parent: Int, weight: UInt8 = 15) -> H2Frame {
        H2Frame(.priority, on: stream, word(parent) + [weight])
    }
}
