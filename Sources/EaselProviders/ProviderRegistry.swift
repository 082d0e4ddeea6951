package import EaselCore
package import EaselTransport

/// The kinds of providers that there are in a program. A value: a test may have kinds of its own.
package struct ProviderRegistry: Sendable {
    /// Those that come with Easel. Another kind is a folder here and one more name in this list.
    package static let standard = ProviderRegistry([RunwareProvider.registration, IdeogramProvider.registration])

    /// In the order in which they are named.
    package let registrations: [ProviderRegistration]

    package init(_ registrations: [ProviderRegistration]) {
        self.registrations = registrations
    }

    package var profiles: [ProviderProfile] { registrations.map(\.profile) }

    /// One account of a kind; nil where there is no such kind.
    package func provider(_ settings: ProviderSettings, client: HTTPClient) -> (any Provider)? {
        registrations.first { $0.profile.kind == settings.kind }?.make(settings, client)
    }
}
