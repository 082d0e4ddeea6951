import EaselBase
import EaselCalls
import EaselConfiguration
import EaselCore
import EaselGateway
import EaselProviders
import EaselServer
import EaselTransport
import Foundation

/// What doors and calls make of a configuration.
extension Runtime {
    /// Configured, or made once and kept in a file of mode 0600.
    private static func adminKey(_ configuration: Configuration) throws -> String {
        if let configured = configuration.adminKey { return configured.reveal() }
        let path = configuration.dataDirectory + "/admin-key"
        let key = String(decoding: try SecretFile.readOrCreate(path) { KeyMaker.freshKey() }, as: UTF8.self)
        if let problem = SecretRules.adminKey(key) { throw CommandFailure("the admin key in \(path) \(problem)") }
        return key
    }

    /// What the gateway makes of a configuration.
    static func gatewayConfiguration(
        _ configuration: Configuration,
        gatewayID: UUID,
        client: HTTPClient
    ) throws -> GatewayConfiguration {
        let calls = CallConfiguration(
            settings: callSettings(configuration, gatewayID: gatewayID),
            providers: configuration.providers.compactMap { ProviderRegistry.standard.provider($0, client: client) },
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
            kinds: ProviderRegistry.standard.profiles.map(\.kind)
        )
        return GatewayConfiguration(
            settings: settings(configuration, adminKey: try adminKey(configuration)),
            calls: calls
        )
    }

    private static func callSettings(_ configuration: Configuration, gatewayID: UUID) -> CallSettings {
        var settings = CallSettings(gatewayID: gatewayID, dataDirectory: configuration.dataDirectory)
        settings.limits = configuration.limits
        settings.fetch = configuration.fetch
        settings.images = configuration.images
        settings.logging = configuration.logging
        settings.artifacts = configuration.artifacts
        settings.recovery = configuration.recovery
        return settings
    }

    private static func settings(_ configuration: Configuration, adminKey: String) -> GatewaySettings {
        var settings = GatewaySettings(
            adminKey: adminKey,
            server: HTTPServerConfiguration(
                host: configuration.listen.host,
                port: UInt16(clamping: configuration.listen.port),
                maxHeadBytes: configuration.limits.headerBytes,
                bodyTimeout: configuration.limits.requestTimeout,
                maxConnections: OpenFiles.connections(wanted: configuration.limits.connections),
                maxKeylessPerAddress: configuration.limits.connectionsPerAddress,
                // Who watches the process gets an answer also when everything else is turned away.
                reservedTargets: ["/healthz"]
            ),
            version: Version.text
        )
        settings.publicURL = configuration.publicURL
        settings.trustedProxies = configuration.trustedProxies
        settings.limits = configuration.limits
        settings.metrics = configuration.metrics
        settings.shutdownGrace = configuration.shutdownGrace
        settings.alerts = configuration.alerts.plan
        return settings
    }
}
