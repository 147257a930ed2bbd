extension Settings.Gateway {
    /// All of them as they are written in the settings.
    package var url: String { endpoints.map(\.url).joined(separator: ", ") }

    /// The first one's address.
    package var address: Address { endpoints[0].address }
}

extension Settings.Gateway.Endpoint {
    /// As it is written in the settings.
    package var url: String {
        switch address {
        case .tcp: "\(isEncrypted ? "https" : "http")://\(address.text)"
        case .unix: address.text
        }
    }
}
