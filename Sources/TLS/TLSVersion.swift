/// The versions of TLS that we speak. Older ones are refused with an alert.
package enum TLSVersion: Sendable, CaseIterable {
    case tls12, tls13
}
