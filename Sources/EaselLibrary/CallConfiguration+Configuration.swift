package import EaselCalls
package import EaselConfiguration
import EaselCore
import EaselProviders
package import EaselTransport
package import Foundation

extension CallConfiguration {
    /// What calls make of a configuration, behind whatever door: in this library, and in the gateway.
    package init(_ configuration: Configuration, gatewayID: UUID, client: HTTPClient) {
        let registry = ProviderRegistry.standard
        self.init(
            settings: CallSettings(configuration, gatewayID: gatewayID),
            providers: configuration.providers.compactMap { registry.provider($0, client: client) },
            origins: Dictionary(
                configuration.providers.compactMap { settings in
                    Fetcher.origin(of: settings.baseURL).map { (settings.name, $0) }
                },
                uniquingKeysWith: { first, _ in first }
            ),
            policies: configuration.policies,
            policyReading: InlinePolicies(
                providers: configuration.providers.map(\.name),
                policies: configuration.policies
            ),
            kinds: registry.profiles.map(\.kind)
        )
    }
}

extension CallSettings {
    fileprivate init(_ configuration: Configuration, gatewayID: UUID) {
        self.init(gatewayID: gatewayID, dataDirectory: configuration.dataDirectory)
        limits = configuration.limits
        fetch = configuration.fetch
        images = configuration.images
        logging = configuration.logging
        artifacts = configuration.artifacts
        recovery = configuration.recovery
    }
}
