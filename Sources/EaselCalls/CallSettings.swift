package import EaselCore
package import EaselTransport
package import Foundation

/// What calls need to know from their owner.
package struct CallSettings: Sendable {
    /// This process among all gateways, version 7.
    package var gatewayID: UUID
    /// Contains the artifacts and the secrets of this machine.
    package var dataDirectory: String
    /// Bytes of the bodies and images of all requests under way.
    package var maxHeldBytes = 512 << 20
    /// Bytes of one image in a request.
    package var maxImageBytes = 10 << 20
    /// Bytes of one source image that is fetched by URL.
    package var fetchMaxBytes = 10 << 20
    package var fetchTimeout = Duration.seconds(20)
    package var fetchAddresses = AddressPolicy.publicOnly(allow: [])
    /// Whether images go to providers with their metadata: place, device, comments.
    package var keepsMetadata = false
    package var prompts = PromptLogging.full
    package var storesArtifacts = true
    package var artifactRetention = Duration.seconds(7 * 86_400)
    /// After this time an attempt with an unknown outcome is posted at its bound (M7).
    package var unknownAfter = Duration.seconds(86_400)
    /// How often a provider is asked again about attempts with an unknown outcome.
    package var recoveryInterval = Duration.seconds(30)
    /// The charges that a provider may report before they count as implausible.
    package var costBelief = CostBelief.standard

    package init(gatewayID: UUID, dataDirectory: String) {
        self.gatewayID = gatewayID
        self.dataDirectory = dataDirectory
    }
}

/// The part of calls that follows from the configuration, and may change while they run.
package struct CallConfiguration: Sendable {
    package let settings: CallSettings
    /// In the order of the configuration.
    package let providers: [any Provider]
    /// `scheme://host:port` of each provider, whose result links may lie on private addresses.
    package let origins: [String: String]
    package let policies: PolicyBook
    /// Reads policies that callers send.
    package let policyReading: any PolicyReading

    package init(
        settings: CallSettings,
        providers: [any Provider],
        origins: [String: String],
        policies: PolicyBook,
        policyReading: any PolicyReading
    ) {
        self.settings = settings
        self.providers = providers
        self.origins = origins
        self.policies = policies
        self.policyReading = policyReading
    }

    /// The time limit of one attempt at each provider.
    var timeouts: [String: Duration] {
        Dictionary(providers.map { ($0.name, $0.timeout) }, uniquingKeysWith: { first, _ in first })
    }
}
