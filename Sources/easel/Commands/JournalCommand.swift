import EaselBase
import EaselConfiguration
import EaselCore
import EaselLedger
import Foundation

/// `easel db journal list|show|retry|forget`: what a gateway's journal set aside, and what to do about it.
enum JournalCommand {
    static let spec = CommandSpec(
        "journal",
        "writes that were set aside: list, show, retry, forget",
        discussion:
            "A write that the database rejected, or that cannot be read in the journal, is kept in a file in the data "
            + "directory. Until somebody deals with it, /readyz says degraded and every report names it.",
        subcommands: [
            CommandSpec("list", "the files", options: [SharedOptions.json], examples: ["easel db journal list"]),
            CommandSpec(
                "show",
                "the writes in a file",
                arguments: [ArgumentSpec("NAME", .text, "a file of `list`")],
                options: [SharedOptions.json],
                examples: ["easel db journal show 0000000003.refused"]
            ),
            CommandSpec(
                "retry",
                "write them to the database again",
                arguments: [ArgumentSpec("NAME", .text, required: false, "a file from `list`; all unless named")],
                options: [SharedOptions.json],
                examples: ["easel db journal retry"]
            ),
            CommandSpec(
                "forget",
                "stop counting a file; it stays on disk",
                arguments: [ArgumentSpec("NAME", .text, "a file of `list`")],
                examples: ["easel db journal forget 0000000003.damaged"]
            ),
        ],
        defaultSubcommand: "list",
        examples: ["easel db journal list", "easel db journal retry"]
    )

    /// The journal of a data directory; needs no database but for `retry`.
    static func run(_ arguments: ParsedArguments, dataDirectory: String) async throws {
        let asides = JournalAsides(directory: JournalAsides.directory(in: dataDirectory))
        switch arguments.command.last {
        case "show": try show(asides, arguments)
        case "forget":
            let name = arguments.text("NAME") ?? ""
            try asides.forget(name)
            Output.data("\(name) is kept as \(name).forgotten and is no longer counted")
        default: list(asides, arguments)
        }
    }

    // MARK: - Looking

    private struct FileDocument: Encodable {
        let name: String
        let kind: String
        let bytes: Int
        let changed_at: String
        let records: Int
        let set_aside: Int
    }

    private static func list(_ asides: JournalAsides, _ arguments: ParsedArguments) {
        let files = asides.list()
        if arguments.has("json") {
            let rows = files.map {
                FileDocument(
                    name: $0.name,
                    kind: $0.kind.rawValue,
                    bytes: $0.bytes,
                    changed_at: $0.changedAt.description,
                    records: $0.records,
                    set_aside: $0.count
                )
            }
            return Output.data((try? JSON.text(["files": rows], sorted: true)) ?? "{}")
        }
        guard !files.isEmpty else { return Output.data("the journal has set nothing aside") }
        for file in files {
            let writes = Counted.text(file.records, "write")
            Output.data(
                "\(file.name)  \(writes), \(ByteSizeText.format(file.bytes)), \(file.changedAt.text(fractionDigits: 0))"
            )
        }
    }

    private struct EntryDocument: Encodable {
        let kind: String
        let team_id: Int64
        let call_id: String
        let status: String?
        let cost_usd: String?
        let settled_at: String?
        let reason: String?
    }

    private static func show(_ asides: JournalAsides, _ arguments: ParsedArguments) throws {
        let name = arguments.text("NAME") ?? ""
        guard let entries = asides.entries(of: name) else {
            throw CommandFailure("there is no file \(name) in the journal; `easel db journal list` names them")
        }
        if arguments.has("json") {
            let rows = entries.map {
                EntryDocument(
                    kind: $0.kind,
                    team_id: $0.teamID,
                    call_id: $0.callID,
                    status: $0.status,
                    cost_usd: $0.cost?.usd,
                    settled_at: $0.settledAt?.description,
                    reason: $0.reason
                )
            }
            return Output.data(try JSON.text(["writes": rows], sorted: true))
        }
        if entries.isEmpty { return Output.data("\(name) holds no write that can be read") }
        for entry in entries {
            let cost = entry.cost.map { ", cost $\($0.usd)" } ?? ""
            let status = entry.status.map { " \($0)" } ?? ""
            Output.data("\(entry.kind) of call \(entry.callID) (team \(entry.teamID))\(status)\(cost)")
            if let reason = entry.reason { Output.data("    \(reason)") }
        }
    }

    // MARK: - Trying again

    private struct RetryDocument: Encodable {
        let name: String
        let written: Int
        let fitted: Int
        let refused: [String]
    }

    /// Gives one file, or all of them, to the database again.
    static func retry(
        _ arguments: ParsedArguments,
        dataDirectory: String,
        connectionString: String,
        log: Log
    ) async throws {
        let asides = JournalAsides(directory: JournalAsides.directory(in: dataDirectory))
        let names = arguments.text("NAME").map { [$0] } ?? asides.list().map(\.name)
        guard !names.isEmpty else { return Output.data("the journal has set nothing aside") }
        let ledger = try await PostgresLedger.connect(connectionString: connectionString, log: log, migrate: false)
        var rows: [RetryDocument] = []
        do throws(LedgerError) {
            for name in names {
                let result = try await asides.retry(name, on: ledger)
                rows.append(
                    RetryDocument(
                        name: name,
                        written: result.written,
                        fitted: result.fitted,
                        refused: result.refused
                    )
                )
            }
        } catch {
            await ledger.close()
            throw CommandFailure("the journal could not be written to the database: \(error.sentence)")
        }
        await ledger.close()
        if arguments.has("json") {
            Output.data(try JSON.text(["files": rows], sorted: true))
        } else {
            for row in rows {
                let fitted = row.fitted > 0 ? " (\(row.fitted) with values brought into range)" : ""
                Output.data("\(row.name): \(row.written + row.fitted) written\(fitted), \(row.refused.count) rejected")
                for reason in row.refused.prefix(10) { Output.data("    \(reason)") }
            }
        }
        let left = asides.list().reduce(0) { $0 + $1.count }
        if left > 0 {
            throw CommandFailure(
                "\(Counted.text(left, "write is", "writes are")) still set aside; `easel db journal list` names the files"
            )
        }
    }
}
