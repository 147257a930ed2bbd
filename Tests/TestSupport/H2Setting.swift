/// The names of settings (RFC 9113, section 6.5.2; RFC 8441, section 3).
package struct H2Setting: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let headerTableSize = H2Setting(rawValue: 1)
    package static let enablePush = H2Setting(rawValue: 2)
    package static let maxConcurrentStreams = H2Setting(rawValue: 3)
    package static let initialWindowSize = H2Setting(rawValue: 4)
    package static let maxFrameSize = H2Setting(rawValue: 5)
    package static let maxHeaderListSize = H2Setting(rawValue: 6)
    package static let enableConnectProtocol = H2Setting(rawValue: 8)
}
