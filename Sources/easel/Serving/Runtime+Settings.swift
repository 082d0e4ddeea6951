import Easel
import EaselBase
import EaselCalls
import EaselConfiguration
import EaselCore
import EaselGateway
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
        GatewayConfiguration(
            settings: settings(configuration, adminKey: try adminKey(configuration)),
            calls: CallConfiguration(configuration, gatewayID: gatewayID, client: client)
        )
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
        settings.tracing = configuration.tracing
        settings.commit = Version.commit
        settings.shutdownGrace = configuration.shutdownGrace
        settings.alerts = configuration.alerts.plan
        return settings
    }
}
