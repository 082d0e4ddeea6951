package import EaselCore
package import EaselTransport

/// A kind of provider as Easel gets to know it: all that is said of it outside of its own folder.
package struct ProviderRegistration: Sendable {
    package let profile: ProviderProfile
    /// One account of this kind.
    package let make: @Sendable (ProviderSettings, HTTPClient) -> any Provider

    package init(_ profile: ProviderProfile, make: @escaping @Sendable (ProviderSettings, HTTPClient) -> any Provider) {
        self.profile = profile
        self.make = make
    }
}
