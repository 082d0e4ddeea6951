import EaselBase
package import EaselCore
package import EaselServer
package import EaselTracing
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
    package var tracing = TracingSettings()
    package var server: HTTPServerConfiguration
    package var shutdownGrace = Duration.seconds(60)
    package var version: String
    /// The commit that the program was built from; empty where nobody said.
    package var commit = ""
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

extension TracingPlan {
    /// What a tracer makes of the settings.
    package init(_ settings: TracingSettings) {
        self.init(
            endpoint: settings.tracesURL,
            headers: settings.fields.map { Header($0.name, $0.value) },
            sampling: Sampling(ratio: settings.sampleRatio),
            tellsProviders: settings.propagateToProviders
        )
    }
}
