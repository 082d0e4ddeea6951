import EaselBase
package import EaselCore
package import EaselServer
import EaselTransport

/// What the front door is told when it is put together.
package struct GatewaySettings: Sendable {
    package var adminKey: String
    /// What links in answers begin with; nil: what a trusted proxy says, or the address that a request came to.
    package var publicURL: String?
    /// Proxies whose `Forwarded` and `X-Forwarded-*` are believed.
    package var trustedProxies: [IPNetwork] = []
    package var limits = LimitSettings()
    package var metrics = MetricsSettings()
    package var server: HTTPServerConfiguration
    package var shutdownGrace = Duration.seconds(60)
    package var version: String
    /// What is watched, and who is told.
    package var alerts = AlertPlan()

    var linkBase: LinkBase {
        LinkBase(publicURL: publicURL, trustedProxies: trustedProxies.compactMap { AddressRange($0.description) })
    }

    package init(adminKey: String, server: HTTPServerConfiguration, version: String) {
        self.adminKey = adminKey
        self.server = server
        self.version = version
    }
}
