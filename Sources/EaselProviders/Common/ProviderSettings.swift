package import EaselCore

/// One account at one provider, as the operator configured it.
package struct ProviderSettings: Sendable {
    package var name: String
    package var kind: ProviderKind
    /// Without a trailing slash.
    package var baseURL: String
    package var apiKey: String
    package var delivery: DeliveryMethod
    package var maxInFlight: Int
    package var timeout: Duration
    package var connectTimeout: Duration
    package var firstByteTimeout: Duration?

    package init(
        name: String,
        kind: ProviderKind,
        baseURL: String,
        apiKey: String,
        delivery: DeliveryMethod,
        maxInFlight: Int,
        timeout: Duration = .seconds(120),
        connectTimeout: Duration = .seconds(5),
        firstByteTimeout: Duration? = nil
    ) {
        self.name = name
        self.kind = kind
        self.baseURL = baseURL
        self.apiKey = apiKey
        self.delivery = delivery
        self.maxInFlight = maxInFlight
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.firstByteTimeout = firstByteTimeout
    }
}
