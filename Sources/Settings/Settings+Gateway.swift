extension Settings.Gateway {
    /// As it is written in the settings.
    package var url: String {
        switch address {
        case .tcp: "http://\(address.text)"
        case .unix: address.text
        }
    }
}
