import EaselBase
import EaselCalls
import EaselCore
import EaselGateway
import EaselLedger
import EaselProviders
import EaselSandbox
import EaselServer
import EaselTracing
import EaselTransport
import Foundation
import TestKit

/// A whole Easel in this process, as the executable puts it together: PostgreSQL, ledger, journal, the real providers
/// against a sandbox, and the gateway on a port of its own.
final class House: Sendable {
    static let adminKey = "esl_the-operators-key-of-these-tests"
    static let group = EventLoopGroup(name: "end-to-end", count: 2)

    /// What a test may want otherwise.
    struct Plan: Sendable {
        var sandbox = SandboxConfiguration(
            hasPortEach: true,
            latency: .zero ... .zero,
            pixelScale: 16,
            ideogramMaxInFlight: 64
        )
        var order = ["runware", "ideogram"]
        var policies: [Policy] = []
        /// Policies with cases, by name.
        var routing: [(String, RoutingPolicy)] = []
        var runware = Provision(delivery: .async)
        var ideogram = Provision(delivery: .sync)
        /// The kinds of providers, each with one account that has its name.
        var registry = ProviderRegistry.standard
        var simulated = Sandbox.standard
        /// Changes the gateway's settings last.
        var settings: @Sendable (inout GatewaySettings) -> Void = { _ in }
        /// The same of what calls are told.
        var calls: @Sendable (inout CallSettings) -> Void = { _ in }
        /// Whether what people are told is kept, as the gateway's settings say.
        var keepsAlerts = false
        /// Connections to the database, and the patience with it.
        var options = PostgresFixture.smallOptions
        /// Nil: a fresh database of the shared server.
        var connectionString: String?
    }

    /// How one provider is configured.
    struct Provision: Sendable {
        var delivery: DeliveryMethod
        var maxInFlight = 64
        var timeout = Duration.seconds(60)
        var baseURL: String?
    }

    /// Of this house alone: the next one may get the port of one that is gone, and the dead connections with it.
    let client = House.freshClient()
    let sandbox: Sandbox
    let journaled: JournaledCalls
    let database: PostgresLedger
    let gateway: Gateway
    let url: String
    let gatewayID: UUID
    /// Of libpq's own spelling.
    let connectionString: String
    private let journal: Journal
    private let directory: String
    /// What the gateway calls its data directory.
    var dataDirectory: String { directory }
    private let beside: Task<Void, Never>

    /// Bytes of what the journal has set aside because the database refused it.
    var setAsideBytes: Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory + "/journal")) ?? []
        return names.filter { $0.hasSuffix(".refused") }.reduce(0) { sum, name in
            sum + (FileManager.default.contents(atPath: "\(directory)/journal/\(name)")?.count ?? 0)
        }
    }

    /// Runs a test in a house and takes it down. At the end the figures must fit together (M6).
    static func with<Result>(
        _ plan: Plan = Plan(),
        verify: Bool = true,
        _ body: (House) async throws -> Result
    ) async throws -> Result {
        await Turnstile.houses.enter()
        defer { Turnstile.houses.leave() }
        let house = try await House(plan)
        do {
            let result = try await body(house)
            await house.gateway.shutDown()
            if verify { try await house.verify() }
            await house.close()
            return result
        } catch {
            await house.gateway.shutDown()
            await house.close()
            throw error
        }
    }

    static func freshClient() -> HTTPClient {
        HTTPClient(group: group, configuration: HTTPClientConfiguration(maxConnectionsPerHost: 256))
    }

    init(_ plan: Plan) async throws {
        sandbox = Sandbox(
            group: Self.group,
            configuration: plan.sandbox,
            providers: plan.simulated,
            log: .silent
        )
        _ = try sandbox.start()
        directory = "/tmp/easel-house-\(UUID().text)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let connection: String
        if let given = plan.connectionString {
            connection = given
        } else {
            connection = try await PostgresFixture.database()
        }
        connectionString = connection
        database = try await PostgresLedger.connect(
            connectionString: connection,
            log: .silent,
            options: plan.options,
            migrate: plan.connectionString != nil
        )
        journal = try await Journal(directory: directory + "/journal", log: .silent)
        let database = database
        let journaled = JournaledCalls(base: database, journal: journal, log: .silent)
        self.journaled = journaled
        let terms = TermsShelf()
        try await terms.refresh(from: database)
        gatewayID = UUIDv7.mint(at: TimeSource.system.now)
        let accounts = plan.registry.profiles.map { [sandbox] in plan.account($0, in: sandbox) }
        var settings = GatewaySettings(
            adminKey: Self.adminKey,
            server: HTTPServerConfiguration(),
            version: "test"
        )
        settings.shutdownGrace = .seconds(20)
        plan.settings(&settings)
        var callSettings = CallSettings(gatewayID: gatewayID, dataDirectory: directory)
        callSettings.recovery.interval = .seconds(3600)
        plan.calls(&callSettings)
        let standard = Policy(name: "standard", ordering: .order(plan.order))
        let plain = ([standard] + Self.single(accounts) + plan.policies).map { ($0.name, RoutingPolicy.plain($0)) }
        let book = PolicyBook(
            policies: Dictionary(plain + plan.routing, uniquingKeysWith: { $1 }),
            defaultName: standard.name
        )
        let configuration = GatewayConfiguration(
            settings: settings,
            calls: CallConfiguration(
                settings: callSettings,
                providers: accounts.compactMap { [client] in plan.registry.provider($0, client: client) },
                origins: Dictionary(
                    uniqueKeysWithValues: accounts.map { ($0.name, Fetcher.origin(of: $0.baseURL) ?? "") }
                ),
                policies: book,
                policyReading: Policies.reading(book),
                kinds: plan.registry.profiles.map(\.kind)
            )
        )
        let calls = try CallEngine(
            configuration.calls,
            books: CallBooks(database, calls: journaled),
            terms: terms,
            client: client,
            journal: { journaled.journalStanding },
            log: .silent
        )
        let gateway = Gateway(
            configuration,
            calls: calls,
            books: DoorBooks(database, figures: JournaledFigures(base: database) { journaled.journalStanding }),
            adminTeam: try await Self.team("operators", in: database),
            group: Self.group,
            journal: { journaled.journalStanding },
            alerts: plan.keepsAlerts ? database : nil,
            tracer: Tracer(
                TracingPlan(settings.tracing),
                resource: TraceResource(version: settings.version, instance: gatewayID.text),
                client: client,
                log: .silent
            ),
            log: .silent
        )
        self.gateway = gateway
        url = "http://127.0.0.1:\(try gateway.start())"
        beside = Task {
            await withDiscardingTaskGroup { group in
                group.addTask { await journaled.run(every: .milliseconds(200)) }
                group.addTask { await gateway.run() }
            }
        }
    }

    /// `only-runware`, `only-ideogram` and so on.
    private static func single(_ accounts: [ProviderSettings]) -> [Policy] {
        accounts.map { Policy(name: "only-\($0.name)", ordering: .order([$0.name])) }
    }

    private static func team(_ name: String, in people: any People) async throws -> TeamRecord {
        if let team = try await people.teams().first(where: { $0.name == name }) { return team }
        return try await people.createTeam(name: name, at: TimeSource.system.now)
    }

    /// What `easel db verify` finds.
    func findings() async throws -> [DatabaseVerify.Finding] {
        try await DatabaseVerify(database).findings(since: TimeSource.system.now - .seconds(86_400))
    }

    private func verify() async throws {
        let findings = try await findings()
        guard findings.isEmpty else {
            throw FiguresDisagree(findings: findings.map { "\($0.check.rawValue): \($0.detail)" })
        }
    }

    struct FiguresDisagree: Error { let findings: [String] }

    /// The rows of a statement, each with its columns, through `psql`.
    @discardableResult
    func rows(_ sql: String) async throws -> [[String]] {
        let outcome = try await Program.run("psql", ["-X", "-At", "-F", "\t", "-c", sql, connectionString])
        guard outcome.status == 0 else { throw StatementFailed(message: outcome.errors) }
        return outcome.output.split(separator: "\n").map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    struct StatementFailed: Error { let message: String }

    /// Everything but the gateway, which the caller has shut down.
    func close() async {
        beside.cancel()
        await beside.value
        journal.close()
        await database.close()
        await sandbox.stop()
        try? FileManager.default.removeItem(atPath: directory)
    }
}

extension House.Plan {
    /// The account of a kind, which has its name.
    fileprivate func account(_ profile: ProviderProfile, in sandbox: Sandbox) -> ProviderSettings {
        let provision: House.Provision =
            switch profile.kind {
            case .runware: runware
            case .ideogram: ideogram
            default: House.Provision(delivery: profile.delivery)
            }
        return ProviderSettings(
            name: profile.kind.rawValue,
            kind: profile.kind,
            baseURL: provision.baseURL ?? sandbox.baseURL(profile.kind),
            apiKey: Secret("sandbox-key"),
            delivery: provision.delivery,
            maxInFlight: provision.maxInFlight,
            timeout: provision.timeout,
            connectTimeout: min(.seconds(5), provision.timeout)
        )
    }
}
