import EaselBase
package import EaselCore
package import EaselTransport
package import Foundation

/// What the gateway is told when it is put together.
package struct GatewaySettings: Sendable {
    /// This process among all gateways, version 7.
    package var gatewayID: UUID
    package var adminKey: String
    /// What links in answers begin with; nil: what a trusted proxy says, or the address that a request came to.
    package var publicURL: String?
    /// Proxies whose `Forwarded` and `X-Forwarded-*` are believed.
    package var trustedProxies: [AddressRange] = []
    /// Reports under way at once, and of one team.
    package var reportsAtOnce = 4
    package var reportsPerTeam = 2
    package var maxBodyBytes: Int
    /// Bodies and pictures of all requests under way.
    package var maxHeldBytes = 512 << 20
    /// One picture in a request.
    package var maxImageBytes: Int
    /// One source picture that is fetched by URL.
    package var fetchMaxBytes: Int
    package var fetchTimeout: Duration
    /// Whether pictures go to providers with all that is told in them beside their look: place, device, comments.
    package var keepsMetadata = false
    package var fetchAddresses: AddressPolicy
    package var prompts: PromptLogging
    package var storesArtifacts: Bool
    package var artifactRetention: Duration
    /// Holds the artifacts and the secrets of this machine.
    package var dataDirectory: String
    /// After this time an attempt that nobody can tell about is posted at its bound (M7).
    package var unknownAfter: Duration
    /// How often a provider is asked again for attempts whose end is unknown.
    package var recoveryInterval: Duration
    /// Whether `/metrics` is open to everybody; otherwise it wants an admin key.
    package var publicMetrics: Bool
    package var server: HTTPServerConfiguration
    package var shutdownGrace: Duration
    package var version: String
    /// What a provider may say that it charged before it is not believed.
    package var costBelief = CostBelief.standard
    /// What is watched, and who is told.
    package var alerts = AlertPlan()

    var linkBase: LinkBase { LinkBase(publicURL: publicURL, trustedProxies: trustedProxies) }

    package init(
        gatewayID: UUID,
        adminKey: String,
        dataDirectory: String,
        server: HTTPServerConfiguration,
        version: String
    ) {
        self.gatewayID = gatewayID
        self.adminKey = adminKey
        self.dataDirectory = dataDirectory
        self.server = server
        self.version = version
        maxBodyBytes = 64 << 20
        maxImageBytes = 10 << 20
        fetchMaxBytes = 10 << 20
        fetchTimeout = .seconds(20)
        fetchAddresses = .publicOnly(allow: [])
        prompts = .full
        storesArtifacts = true
        artifactRetention = .seconds(7 * 86_400)
        unknownAfter = .seconds(86_400)
        recoveryInterval = .seconds(30)
        publicMetrics = true
        shutdownGrace = .seconds(60)
    }
}
