package import EaselCore
import EaselTransport
package import Foundation

/// What calls need to know from their owner.
package struct CallSettings: Sendable {
    /// This process among all gateways, version 7.
    package var gatewayID: UUID
    /// Contains the artifacts and the secrets of this machine.
    package var dataDirectory: String
    package var limits = LimitSettings()
    package var fetch = FetchSettings()
    package var images = ImageSettings()
    package var logging = LoggingSettings()
    package var artifacts = ArtifactSettings()
    package var recovery = RecoverySettings()

    /// Where the gateway's own downloads may go (S3).
    var fetchAddresses: AddressPolicy {
        .publicOnly(allow: fetch.allowNetworks.compactMap { AddressRange($0.description) })
    }
    /// The charges that a provider may report before they count as implausible.
    var costBelief: CostBelief { CostBelief(multiple: limits.costMultiple) }

    package init(gatewayID: UUID, dataDirectory: String) {
        self.gatewayID = gatewayID
        self.dataDirectory = dataDirectory
    }
}

/// The part of calls that follows from the configuration, and may change while they run.
package struct CallConfiguration: Sendable {
    package var settings: CallSettings
    /// In the order of the configuration.
    package let providers: [any Provider]
    /// `scheme://host:port` of each provider, whose result links may lie on private addresses.
    package let origins: [String: String]
    package let policies: PolicyBook
    /// Reads policies that callers send.
    package let policyReading: any PolicyReading
    /// The kinds of providers that there are, configured or not.
    package let kinds: [ProviderKind]

    package init(
        settings: CallSettings,
        providers: [any Provider],
        origins: [String: String],
        policies: PolicyBook,
        policyReading: any PolicyReading,
        kinds: [ProviderKind]
    ) {
        self.settings = settings
        self.providers = providers
        self.origins = origins
        self.policies = policies
        self.policyReading = policyReading
        self.kinds = kinds
    }

    /// The time limit of one attempt at each provider.
    var timeouts: [String: Duration] {
        Dictionary(providers.map { ($0.name, $0.timeout) }, uniquingKeysWith: { first, _ in first })
    }
}
