import EaselBase
package import EaselCore
package import EaselServer
package import EaselTransport

/// What the front door is told when it is put together.
package struct GatewaySettings: Sendable {
    package var adminKey: String
    /// What links in answers begin with; nil: what a trusted proxy says, or the address that a request came to.
    package var publicURL: String?
    /// Proxies whose `Forwarded` and `X-Forwarded-*` are believed.
    package var trustedProxies: [AddressRange] = []
    /// Reports under way at once, and of one team.
    package var reportsAtOnce = 4
    package var reportsPerTeam = 2
    /// Bytes of one body, packed and unpacked.
    package var maxBodyBytes = 64 << 20
    /// Whether `/metrics` is open to everybody; otherwise it wants an admin key.
    package var publicMetrics = true
    package var server: HTTPServerConfiguration
    package var shutdownGrace = Duration.seconds(60)
    package var version: String
    /// What is watched, and who is told.
    package var alerts = AlertPlan()

    var linkBase: LinkBase { LinkBase(publicURL: publicURL, trustedProxies: trustedProxies) }

    package init(adminKey: String, server: HTTPServerConfiguration, version: String) {
        self.adminKey = adminKey
        self.server = server
        self.version = version
    }
}
