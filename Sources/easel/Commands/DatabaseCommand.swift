import EaselBase
import EaselConfiguration
import EaselCore
import EaselLedger
import EaselProviders
import EaselReporting
import Foundation

/// `easel db migrate|status|verify|psql`.
enum DatabaseCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let log = Log(minimum: .warning)
        if arguments.command.dropFirst().first == "journal", arguments.command.last != "retry" {
            let place = try dataDirectory(arguments)
            try proveAccess(place)
            return try await JournalCommand.run(arguments, dataDirectory: place)
        }
        let (connectionString, embedded) = try await open(arguments, log: log)
        do {
            try await run(arguments, connectionString, embedded, log)
        } catch {
            // A server that was running for somebody else is left alone; one that we started is stopped.
            await embedded?.stop()
            throw error
        }
        await embedded?.stop()
    }

    /// Where the gateway that the arguments name keeps its files.
    private static func dataDirectory(_ arguments: ParsedArguments) throws -> String {
        if let directory = arguments.text("data-dir") { return directory }
        let path = arguments.text("config") ?? "easel.yaml"
        guard arguments.text("config") != nil || FileManager.default.fileExists(atPath: path) else { return ".easel" }
        return try Configuration.dataPlace(path: path, kinds: ProviderRegistry.standard.profiles).dataDirectory
    }

    /// What may not be entered looks like an empty directory to whoever only asks what is there.
    private static func proveAccess(_ directory: String) throws {
        guard access(directory, R_OK | W_OK | X_OK) != 0 else { return }
        let cause = SystemError.last
        guard cause.code != ENOENT else { return }
        throw CommandFailure(
            "\(directory) cannot be used: \(cause.sentence). Run this as the user that Easel runs as.",
            code: ExitCode.usage
        )
    }

    /// The configured database, or the embedded one of a data directory, started when it is not running.
    private static func open(_ arguments: ParsedArguments, log: Log) async throws -> (String, EmbeddedPostgres?) {
        var directory = arguments.text("data-dir")
        if directory == nil {
            let path = arguments.text("config") ?? "easel.yaml"
            if arguments.text("config") != nil || FileManager.default.fileExists(atPath: path) {
                let configuration = try Configuration.dataPlace(path: path, kinds: ProviderRegistry.standard.profiles)
                if let url = configuration.database.url { return (url.reveal(), nil) }
                directory = configuration.dataDirectory
            }
        }
        let place = directory ?? ".easel"
        guard FileManager.default.fileExists(atPath: place) else {
            throw CommandFailure(
                "there is no \(place) here: give --config or --data-dir, or run `easel up` first",
                code: ExitCode.usage
            )
        }
        try proveAccess(place)
        // What only looks makes no database.
        if arguments.command.last != "migrate", !EmbeddedPostgres.exists(dataDirectory: place) {
            throw CommandFailure(
                "\(place) holds no database yet: `easel up` or `easel db migrate` creates one",
                code: ExitCode.usage
            )
        }
        let embedded = try await EmbeddedPostgres.start(dataDirectory: place, log: log)
        return (embedded.connectionString, embedded)
    }

    private static func run(
        _ arguments: ParsedArguments,
        _ connectionString: String,
        _ embedded: EmbeddedPostgres?,
        _ log: Log
    ) async throws {
        switch arguments.command.last {
        case "migrate":
            let applied = try await Migrator(connectionString: connectionString, log: log).migrate()
            Output.data(
                applied.isEmpty ? "the schema is up to date" : applied.map { "applied \($0)" }.joined(separator: "\n")
            )
        case "status": try await status(arguments, connectionString, log)
        case "verify": try await verify(arguments, connectionString, log)
        case "retry":
            try await JournalCommand.retry(
                arguments,
                dataDirectory: try dataDirectory(arguments),
                connectionString: connectionString,
                log: log
            )
        default: try psql(arguments, connectionString, embedded)
        }
    }

    private struct StatusDocument: Encodable {
        let applied: [String]
        let pending: [String]
        let newer: [Int64]
    }

    private static func status(_ arguments: ParsedArguments, _ connectionString: String, _ log: Log) async throws {
        let status = try await Migrator(connectionString: connectionString, log: log).status()
        if arguments.has("json") {
            return Output.raw(
                try JSON.text(
                    StatusDocument(applied: status.applied, pending: status.pending, newer: status.newer),
                    sorted: true
                )
            )
        }
        for name in status.applied { Output.data("applied  \(name)") }
        for name in status.pending { Output.data("pending  \(name)") }
        for version in status.newer { Output.data("newer    \(version), from a later version of Easel") }
    }

    private struct FindingDocument: Encodable {
        let check: String
        let team_id: Int64
        let call_id: String
        let detail: String
    }

    private static func verify(_ arguments: ParsedArguments, _ connectionString: String, _ log: Log) async throws {
        let pending = try await Migrator(connectionString: connectionString, log: log).status().pending
        guard pending.isEmpty else {
            throw CommandFailure(
                "\(Counted.text(pending.count, "migration is", "migrations are")) pending: "
                    + "\(pending.joined(separator: ", ")).\nNothing was verified and nothing was changed: verifying only "
                    + "reads. `easel db migrate` applies them."
            )
        }
        let jobs = arguments.integer("jobs") ?? DatabaseVerify.usualConnections
        var options = PostgresLedger.Options()
        options.readers = jobs
        let ledger = try await PostgresLedger.connect(
            connectionString: connectionString,
            log: log,
            options: options,
            migrate: false
        )
        let findings: [DatabaseVerify.Finding]
        let windows: [RollupPass.Fault]
        do {
            findings = try await verified(ledger, jobs)
            windows = try await ledger.rollupFaults()
        } catch {
            await ledger.close()
            throw error
        }
        await ledger.close()
        // What stands in no table is no contradiction of them, and is missing from them all the same.
        let files = JournalAsides(directory: JournalAsides.directory(in: try dataDirectory(arguments))).list()
        let missing =
            files.map { "journal: \($0.count) set aside in \($0.name); see `easel db journal show \($0.name)`" }
            + windows.map {
                "rollup: the \($0.level.rawValue) from \($0.start.text(fractionDigits: 0)) of team \($0.teamID) cannot be "
                    + "summed up (\($0.reason))"
            }
        for line in missing { Output.note(line) }
        if arguments.has("json") {
            let rows = findings.map {
                FindingDocument(
                    check: $0.check.rawValue,
                    team_id: $0.teamID,
                    call_id: $0.callID.text,
                    detail: $0.detail
                )
            }
            Output.raw(try JSON.text(["findings": rows], sorted: true))
        } else if findings.isEmpty {
            Output.data("every figure adds up: \(DatabaseVerify.Check.allCases.count) checks over the whole log")
        } else {
            for finding in findings {
                let place = finding.check.subject.map { " \($0) \(finding.callID.text):" } ?? ""
                Output.data("\(finding.check.rawValue):\(place) \(finding.detail)")
            }
        }
        if !findings.isEmpty {
            throw CommandFailure("\(Counted.text(findings.count, "finding")): the log contradicts itself")
        }
        if !missing.isEmpty {
            throw CommandFailure(
                "\(Counted.text(missing.count, "thing is", "things are")) missing from the figures"
            )
        }
    }

    /// Shows on standard error how far it has come: on a terminal in one line, else now and then in a new one.
    private static func verified(_ ledger: PostgresLedger, _ jobs: Int) async throws -> [DatabaseVerify.Finding] {
        let isTerminal = Terminal.of(.standardError).movesCursor
        let told = Locked(SteadyInstant.now)
        return try await ProgressLine().during("verifying") { line in
            try await DatabaseVerify(ledger).findings(since: Timestamp(microseconds: 0), connections: jobs) {
                progress in
                let text = "verifying \(progress.check.rawValue), step \(progress.done + 1) of \(progress.steps)"
                line.update(text)
                guard !isTerminal else { return }
                let isDue = told.withLock { told in
                    let isDue = SteadyInstant.now.since(told) >= .seconds(5)
                    if isDue { told = .now }
                    return isDue
                }
                if isDue { Output.note(text) }
            }
        }
    }

    private static func psql(_ arguments: ParsedArguments, _ connectionString: String, _ embedded: EmbeddedPostgres?)
        throws
    {
        let call = try PsqlCall(connectionString: connectionString)
        var words = embedded?.psqlCommand ?? ["psql"] + call.arguments
        if let statement = arguments.text("SQL") { words += ["-c", statement] }
        let process = Process()
        process.environment = ProcessInfo.processInfo.environment.merging(call.environment) { $1 }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw CommandFailure("psql ended with \(process.terminationStatus)") }
    }
}
