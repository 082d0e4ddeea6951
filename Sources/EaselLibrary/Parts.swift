import EaselBase
import EaselCalls
import EaselConfiguration
import EaselCore
import EaselLedger
import EaselMemory
import EaselProviders
import EaselTransport
import Foundation

/// What an ``Easel`` stands on, opened in order and closed in reverse.
final class Parts: Sendable {
    let engine: CallEngine
    let team: TeamRecord
    let group: EventLoopGroup
    /// Nil: calls are in a database.
    let memory: MemoryCalls?
    private let database: PostgresLedger?
    private let kept: KeptSettlements?
    private let isClosing = Locked(false)

    private init(
        engine: CallEngine,
        team: TeamRecord,
        group: EventLoopGroup,
        memory: MemoryCalls?,
        database: PostgresLedger?,
        kept: KeptSettlements?
    ) {
        self.engine = engine
        self.team = team
        self.group = group
        self.memory = memory
        self.database = database
        self.kept = kept
    }

    /// Where calls are written down, opened.
    private struct Books {
        let calls: CallBooks
        let terms: any TermsBook
        let team: TeamRecord
        var memory: MemoryCalls?
        var database: PostgresLedger?
        var kept: KeptSettlements?
    }

    static func open(_ wanted: Easel.Configuration) async throws(EaselError) -> Parts {
        let configuration = try wanted.read()
        let log = wanted.log.isSilent ? Log.silent : Log(write: wanted.log.write)
        let books = try await books(of: wanted, configuration, log)
        let group = EventLoopGroup(
            name: "easel-library",
            count: ProcessInfo.processInfo.activeProcessorCount,
            log: log
        )
        do {
            let shelf = TermsShelf()
            try await shelf.refresh(from: books.terms)
            let client = HTTPClient(group: group, configuration: Self.connections)
            var calls = CallConfiguration(
                configuration,
                gatewayID: UUIDv7.mint(at: TimeSource.system.now),
                client: client
            )
            // The caller gets the bytes; there is no door behind which they would be kept for anybody.
            calls.settings.artifacts.store = .none
            let engine = try CallEngine(calls, books: books.calls, terms: shelf, client: client, log: log)
            return Parts(
                engine: engine,
                team: books.team,
                group: group,
                memory: books.memory,
                database: books.database,
                kept: books.kept
            )
        } catch {
            await books.database?.close()
            group.shutdown()
            throw EaselError(.unavailable, "Easel cannot be started: \(sentence(for: error)).")
        }
    }

    private static func books(
        of wanted: Easel.Configuration,
        _ configuration: EaselConfiguration.Configuration,
        _ log: Log
    ) async throws(EaselError) -> Books {
        let now = TimeSource.system.now
        guard TeamRecord.isName(wanted.team) else {
            throw EaselError(.configuration, "The team's name is to have 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'.")
        }
        let configured = configuration.database.url.map { Easel.Ledger.postgres($0.reveal()) }
        switch (wanted.ledger ?? configured ?? .memory()).kind {
        case .memory(let amount):
            let team = TeamRecord(id: 1, name: wanted.team, createdAt: now)
            let memory = MemoryCalls(
                team: team,
                budget: try budget(amount),
                asksFor: configuration.recovery.asksFor
            )
            return Books(calls: CallBooks(memory), terms: memory, team: team, memory: memory)
        case .postgres(let url):
            // Before libpq sees it, which repeats what it takes for a host.
            if url.contains("://"), let problem = DatabaseURL.problem(url) {
                throw EaselError(.configuration, "The database's URL \(problem).")
            }
            do throws(LedgerError) {
                let database = try await PostgresLedger.connect(connectionString: url, log: log)
                do throws(LedgerError) {
                    let team = try await database.ensureTeam(wanted.team, at: now)
                    let kept = KeptSettlements(base: database, log: log)
                    let calls = CallBooks(database, calls: kept)
                    return Books(calls: calls, terms: database, team: team, database: database, kept: kept)
                } catch {
                    await database.close()
                    throw error
                }
            } catch {
                throw EaselError(.unavailable, "The database cannot be used: \(error.sentence).")
            }
        }
    }

    private static func budget(_ amount: Decimal?) throws(EaselError) -> Money? {
        guard let amount else { return nil }
        guard let money = Money(limit: amount) else {
            let mend = "is to be zero or more US dollars with nine decimals at most"
            throw EaselError(.configuration, "A budget \(mend).")
        }
        return money
    }

    var isClosed: Bool { isClosing.withLock(\.self) }

    func beginClosing() { isClosing.withLock { $0 = true } }

    /// Each provider's own limit says how many attempts run; connections must not stand in their way.
    private static let connections = HTTPClientConfiguration(maxConnectionsPerHost: 8192, userAgent: "easel")

    /// What goes on beside the calls, until cancelled.
    func run() async {
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { await self.engine.run() }
            if let database { tasks.addTask { await database.run() } }
            if let kept { tasks.addTask { await kept.run() } }
        }
    }

    /// How long calls that are cut off have to write down how far they came.
    private static let lastWords = Duration.seconds(5)

    /// The loops first: exchanges that are under way end with them, and their calls are settled as far as they came while there
    /// is still something to write to.
    func close() async {
        await ThreadPoolExecutor.shared.run { self.group.shutdown() }
        await engine.waitUntilIdle(atMost: Self.lastWords)
        await kept?.writeLast()
        await database?.close()
    }
}

extension Easel.Configuration {
    /// As the gateway reads it: whatever is wrong is told at once, by the same rules.
    fileprivate func read() throws(EaselError) -> EaselConfiguration.Configuration {
        let kinds = ProviderRegistry.standard.profiles
        do throws(ConfigurationError) {
            switch source {
            case .file(let path): return try EaselConfiguration.Configuration.load(path: path, kinds: kinds)
            case .text(let text, let name, let environment):
                return try EaselConfiguration.Configuration.parse(
                    text: text,
                    file: name,
                    environment: environment,
                    kinds: kinds
                )
            case .providers(let providers):
                return try EaselConfiguration.Configuration.parse(
                    text: Self.text(of: providers),
                    file: "configuration",
                    environment: Self.keys(of: providers),
                    kinds: kinds
                )
            }
        } catch {
            throw EaselError(.configuration, error.report)
        }
    }

    /// Providers as they stand in a file, so that one reader says what may be; the keys come as its variables.
    private static func text(of providers: [Easel.Provider]) -> String {
        if providers.isEmpty { return "providers: {}\n" }
        return providers.enumerated().reduce(into: "providers:\n") { text, entry in
            let (number, provider) = entry
            text += "  \(quoted(provider.name)):\n    kind: \(quoted(provider.kind.rawValue))\n"
            text += "    api_key: ${\(keyName(number))}\n"
            if let url = provider.baseURL { text += "    base_url: \(quoted(url))\n" }
            if let most = provider.maxInFlight { text += "    max_in_flight: \(most)\n" }
            if let timeout = provider.timeout { text += "    timeout: \(timeout.milliseconds)ms\n" }
        }
    }

    private static func keys(of providers: [Easel.Provider]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: providers.enumerated().map { (keyName($0), $1.key) })
    }

    private static func keyName(_ number: Int) -> String { "KEY_OF_PROVIDER_\(number + 1)" }

    private static func quoted(_ text: String) -> String {
        var quoted = ""
        quoted.appendJSONString(text)
        return quoted
    }
}
