import TestSupport
import Testing

/// Something that no client may send, and what ends the connection because of it.
struct H2Breach: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let codes: Set<H2Code>
    let send: @Sendable (H2Client) -> Void

    init(
        _ name: String, _ codes: Set<H2Code>, _ send: @escaping @Sendable (H2Client) -> Void
    ) {
        testDescription = name
        self.codes = codes
        self.send = send
    }

    init(_ name: String, _ code: H2Code, _ frames: H2Frame...) {
        self.init(name, [code]) { $0.send(frames.flatMap { $0.bytes() }) }
    }

    /// A breach in a field section.
    init(block name: String, _ block: [UInt8]) {
        self.init(name, [.compressionError]) {
            $0.send(.headers(block, on: $0.nextStream()))
        }
    }

    static let frames = [
        H2Breach(
            "F09 WINDOW_UPDATE beyond the largest window", .flowControlError,
            .windowUpdate(0, by: 0x7fff_ffff)),
        H2Breach("F09 WINDOW_UPDATE of nothing", .protocolError, .windowUpdate(0, by: 0)),
        H2Breach("F09 WINDOW_UPDATE on an idle stream", .protocolError, .windowUpdate(77, by: 1)),
        H2Breach(
            "F10 INITIAL_WINDOW_SIZE of 2^31", .flowControlError,
            .settings([(.initialWindowSize, 0x8000_0000)])),
        H2Breach(
            "F14 padding longer than its frame", .protocolError,
            .headers(
                H2Header.literal(H2Header.request("POST", "/upload")), on: 1, endStream: false),
            H2Frame(.data, .padded, on: 1, [200, 1, 2, 3])),
        H2Breach(
            "F15 an even stream", .protocolError,
            .headers(H2Header.literal(H2Header.request("GET", "/hello")), on: 2)),
        H2Breach(
            "F15 HEADERS on stream 0", .protocolError,
            .headers(H2Header.literal(H2Header.request("GET", "/hello")), on: 0)),
        H2Breach("F15 DATA on an idle stream", .protocolError, .data([1], on: 5)),
        H2Breach("F15 DATA on stream 0", .protocolError, .data([1], on: 0)),
        H2Breach(
            "F16 PUSH_PROMISE", .protocolError,
            H2Frame(.pushPromise, .endHeaders, on: 1, [0, 0, 0, 2, 0x82])),
        H2Breach("F16 RST_STREAM on an idle stream", .protocolError, .reset(5)),
        H2Breach("F16 CONTINUATION of nothing", .protocolError, .continuation([], on: 1)),
        H2Breach(
            "F16 a frame inside a field section", .protocolError,
            .headers([], on: 1, endHeaders: false), .ping()),
        H2Breach(
            "F16 an acknowledgement of SETTINGS that says something", .frameSizeError,
            H2Frame(.settings, .ack, on: 0, [0, 3, 0, 0, 0, 1])),
        H2Breach("F16 ENABLE_PUSH of 2", .protocolError, .settings([(.enablePush, 2)])),
        H2Breach("F16 MAX_FRAME_SIZE of 1", .protocolError, .settings([(.maxFrameSize, 1)])),
        H2Breach(
            "F17 a frame that is too long", .frameSizeError,
            H2Frame(.ping, on: 0, [UInt8](repeating: 0, count: 16_385))),
        H2Breach(
            "F17 a PING of 7 bytes", .frameSizeError, H2Frame(.ping, on: 0, [1, 2, 3, 4, 5, 6, 7])),
        H2Breach(
            "F17 SETTINGS of 5 bytes", .frameSizeError, H2Frame(.settings, on: 0, [0, 3, 0, 0, 0])),
        H2Breach(
            "F17 a WINDOW_UPDATE of 3 bytes", .frameSizeError,
            H2Frame(.windowUpdate, on: 0, [0, 0, 1])),
        H2Breach(
            "F17 a RST_STREAM of 3 bytes", .frameSizeError,
            .headers(
                H2Header.literal(H2Header.request("POST", "/upload")), on: 1, endStream: false),
            H2Frame(.reset, on: 1, [0, 0, 8])),
        H2Breach("F17 HEADERS shorter than its priority", [.frameSizeError, .protocolError]) {
            $0.send(H2Frame(.headers, [.priority, .endHeaders], on: 1, [0, 0, 0]))
        },
        H2Breach("F17 HEADERS shorter than its padding", [.frameSizeError, .protocolError]) {
            $0.send(H2Frame(.headers, [.padded, .endHeaders], on: 1, [9, 0x82]))
        },
        H2Breach(
            "F17 a PRIORITY of 4 bytes", .frameSizeError,
            H2Frame(.priority, on: 1, [0, 0, 0, 0])),
    ]

    static let blocks = [
        H2Breach(block: "F07 the entry 0", [0x80]),
        H2Breach(block: "F07 an entry that there is not", H2Header.entry(4711)),
        H2Breach(
            block: "F07 a number without end", [0xff] + [UInt8](repeating: 0xff, count: 20)),
        H2Breach(block: "F07 a number beyond 32 bits", [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        H2Breach(block: "F07 the end of a string inside it", [0, 0x84, 255, 255, 255, 255, 1, 97]),
        H2Breach(block: "F07 a string longer than its section", [0, 0x7f, 97]),
        H2Breach(block: "F07 a table that is too large", H2Header.tableSize(65_536)),
        H2Breach(
            block: "F07 a table that changes inside a section",
            [0x82] + H2Header.tableSize(0) + [0x84]),
    ]
}
