/// Which interface a provider speaks. An open word: whoever puts Easel together says which kinds there are
/// (docs/decisions/0042), and the rest knows them by their names in configurations, prices and the log.
package struct ProviderKind: RawRepresentable, Sendable, Hashable, Codable {
    /// As configurations, prices and the log have it: `a-z 0-9 - _`.
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }
}

/// The kinds that come with Easel; others are named in the folder of their provider.
extension ProviderKind {
    package static let runware = ProviderKind(rawValue: "runware")
    package static let ideogram = ProviderKind(rawValue: "ideogram")
}

/// Whether a provider's answer comes in the response itself or is polled for.
package enum DeliveryMethod: String, Sendable, Hashable, Codable, CaseIterable {
    case sync, async
}

/// What is to be known of a kind before one is asked: from here come the defaults and the example of a configuration, and
/// what `easel up` makes of a key in the environment.
package struct ProviderProfile: Sendable, Hashable {
    package let kind: ProviderKind
    /// Where the provider's own service is, without a slash at the end.
    package let baseURL: String
    package let delivery: DeliveryMethod
    /// What the example says of the ways of delivery.
    package let deliveryNote: String
    /// Attempts at a time.
    package let maxInFlight: Int

    package init(
        kind: ProviderKind,
        baseURL: String,
        delivery: DeliveryMethod,
        deliveryNote: String = "sync | async",
        maxInFlight: Int
    ) {
        self.kind = kind
        self.baseURL = baseURL
        self.delivery = delivery
        self.deliveryNote = deliveryNote
        self.maxInFlight = maxInFlight
    }

    /// The variable of the environment that holds a key, by custom: `RUNWARE_API_KEY`.
    package var keyVariable: String { "\(kind.rawValue.uppercased().replacing("-", with: "_"))_API_KEY" }
}
