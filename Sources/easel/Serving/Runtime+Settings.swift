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

    private static func provider(_ configured: EaselConfiguration.ProviderSettings, client: HTTPClient) -> any Provider
    {
        let settings = EaselProviders.ProviderSettings(
            name: configured.name,
            kind: configured.kind,
            baseURL: configured.baseURL,
            apiKey: configured.apiKey.reveal(),
            delivery: configured.delivery,
            maxInFlight: configured.maxInFlight,
            timeout: configured.timeout,
            connectTimeout: configured.connectTimeout,
            firstByteTimeout: configured.firstByteTimeout
        )
        return switch configured.kind {
        case .runware: RunwareProvider(settings: settings, client: client)
        case .ideogram: IdeogramProvider(settings: settings, client: client)
        }
    }

    /// What the gateway makes of a configuration.
    static func gatewayConfiguration(
        _ configuration: Configuration,
        gatewayID: UUID,
        client: HTTPClient
    ) throws -> GatewayConfiguration {
        let calls = CallConfiguration(
            settings: callSettings(configuration, gatewayID: gatewayID),
            providers: configuration.providers.map { provider($0, client: client) },
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
            )
        )
        return GatewayConfiguration(
            settings: settings(configuration, adminKey: try adminKey(configuration)),
            calls: calls
        )
    }

    private static func callSettings(_ configuration: Configuration, gatewayID: UUID) -> CallSettings {
        var settings = CallSettings(gatewayID: gatewayID, dataDirectory: configuration.dataDirectory)
        settings.maxImageBytes = configuration.limits.imageBytes
        settings.fetchMaxBytes = configuration.fetch.maxBytes
        settings.fetchTimeout = configuration.fetch.timeout
        settings.fetchAddresses = .publicOnly(
            allow: configuration.fetch.allowNetworks.compactMap { AddressRange($0.description) }
        )
        settings.maxHeldBytes = configuration.limits.heldBytes
        settings.costBelief = CostBelief(multiple: configuration.limits.costMultiple)
        settings.keepsMetadata = configuration.images.metadata == .keep
        settings.prompts = PromptLogging(rawValue: configuration.logging.prompts.rawValue) ?? .none
        settings.storesArtifacts = configuration.artifacts.store == .local
        settings.artifactRetention = configuration.artifacts.retention
        settings.unknownAfter = configuration.recovery.unknownAfter
        settings.recoveryInterval = configuration.recovery.interval
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
        settings.trustedProxies = configuration.trustedProxies.compactMap { AddressRange($0.description) }
        settings.reportsAtOnce = configuration.limits.reports
        settings.reportsPerTeam = min(configuration.limits.reportsPerTeam, configuration.limits.reports)
        settings.maxBodyBytes = configuration.limits.requestBytes
        settings.publicMetrics = configuration.metrics.public
        settings.shutdownGrace = configuration.shutdownGrace
        settings.alerts = configuration.alerts.plan
        return settings
    }
}
