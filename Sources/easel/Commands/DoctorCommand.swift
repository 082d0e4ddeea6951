import EaselBase
import EaselConfiguration
import EaselCore
import EaselLedger
import EaselProviders
import EaselReporting
import EaselTransport
import Foundation

/// `easel doctor`: looks at what a gateway needs, names what is wrong and how to mend it.
enum DoctorCommand {
    enum Level: String, Encodable {
        case ok, warning, problem
    }

    struct Finding: Encodable {
        let check: String
        let level: Level
        let detail: String
        let mend: String?
    }

    static func run(_ arguments: ParsedArguments) async throws {
        let findings = await examine(
            path: arguments.text("config") ?? "easel.yaml",
            isGiven: arguments.text("config") != nil
        )
        if arguments.has("json") {
            Output.raw(try JSON.text(["findings": findings], sorted: true))
        } else {
            let style = Output.style
            for finding in findings {
                let mark =
                    switch finding.level {
                    case .ok: style.green("ok      ")
                    case .warning: style.yellow("warning ")
                    case .problem: style.red("problem ")
                    }
                Output.data("\(mark) \(finding.check): \(finding.detail)")
                if let mend = finding.mend { Output.data("         -> \(mend)") }
            }
        }
        if findings.contains(where: { $0.level == .problem }) { throw CommandFailure("something needs fixing") }
    }

    private static func examine(path: String, isGiven: Bool) async -> [Finding] {
        var findings: [Finding] = []
        func add(_ check: String, _ level: Level, _ detail: String, _ mend: String? = nil) {
            findings.append(Finding(check: check, level: level, detail: detail, mend: mend))
        }
        files(add)
        var configuration: Configuration?
        var place: DataPlace?
        if isGiven || FileManager.default.fileExists(atPath: path) {
            do throws(ConfigurationError) {
                let sound = try Configuration.load(path: path, kinds: ProviderRegistry.standard.profiles)
                configuration = sound
                place = DataPlace(database: sound.database, dataDirectory: sound.dataDirectory)
                add("configuration", .ok, "\(path) is sound")
            } catch {
                add("configuration", .problem, error.report, mend(of: error))
                // The disk and the database can be looked at all the same.
                place = try? Configuration.dataPlace(path: path, kinds: ProviderRegistry.standard.profiles)
            }
        } else {
            add(
                "configuration",
                .warning,
                "there is no \(path)",
                "`easel config example > easel.yaml`, or `easel up` to try without one"
            )
        }
        let directory = place?.dataDirectory ?? ".easel"
        dataDirectory(directory, add)
        journal(directory, add)
        if let place { await database(place.database, add) } else { postgresPrograms(add) }
        if let configuration {
            await providers(configuration, add)
            await DoctorListener(configuration).examine(add)
        }
        return findings
    }

    /// A file that only lacks variables is sound; it is this shell that lacks them.
    private static func mend(of error: ConfigurationError) -> String {
        let missing = error.faults.compactMap(\.variable)
        guard missing.count == error.faults.count else {
            return "fix the lines above; `easel config example` shows every setting"
        }
        let names = Set(missing).sorted()
        return "set \(names.joined(separator: ", ")) where this and `easel serve` run, keep "
            + "\(names.count == 1 ? "it" : "them") in a file (`api_key: { file: PATH }`), or remove what you do not use"
    }

    typealias Add = (String, Level, String, String?) -> Void

    private static func files(_ add: Add) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let most = Int(clamping: limit.rlim_max)
        most >= 4096
            ? add("open files", .ok, "up to \(most)", nil)
            : add(
                "open files",
                .warning,
                "at most \(most)",
                "raise the hard limit (`ulimit -Hn`): a waiting call takes two"
            )
    }

    private static func dataDirectory(_ directory: String, _ add: Add) {
        var place = directory
        while !FileManager.default.fileExists(atPath: place), let slash = place.lastIndex(of: "/") {
            place = String(place[..<slash])
            if place.isEmpty { place = "/" }
        }
        if !FileManager.default.fileExists(atPath: place) { place = "." }
        guard FileManager.default.isWritableFile(atPath: place) else {
            return add(
                "data directory",
                .problem,
                "\(place) is not writable",
                "give this user the directory, or set data_dir"
            )
        }
        var system = statvfs()
        if statvfs(place, &system) == 0 {
            let free = Int(clamping: UInt64(system.f_bavail) * UInt64(system.f_frsize))
            guard free > 1 << 30 else {
                return add(
                    "data directory",
                    .warning,
                    "only \(ByteSizeText.format(free)) free for \(directory)",
                    "make room: the database and the journal need it"
                )
            }
            return add("data directory", .ok, "\(directory), \(ByteSizeText.format(free)) free", nil)
        }
        add("data directory", .ok, directory, nil)
    }

    /// Writes that stand in no report until somebody has looked at them.
    private static func journal(_ directory: String, _ add: Add) {
        let files = JournalAsides(directory: JournalAsides.directory(in: directory)).list()
        for file in files {
            let writes = Counted.text(file.count, "write")
            let why = file.kind == .refused ? "that the database rejected" : "that cannot be read"
            add(
                "journal",
                .problem,
                "\(writes) \(why), in \(file.name)",
                "`easel db journal show \(file.name)`, then `retry`"
            )
        }
    }

    private static func postgresPrograms(_ add: Add) {
        let found = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql"))?.sorted() ?? []
        found.isEmpty
            ? add(
                "PostgreSQL",
                .problem,
                "no server programs are installed",
                "`apt-get install postgresql-15`, or set database.url"
            )
            : add("PostgreSQL", .ok, "server programs of version \(found.joined(separator: ", "))", nil)
    }

    /// A look, not a service.
    private static let small = {
        var options = PostgresLedger.Options()
        options.writers = 1
        options.readers = 1
        return options
    }()

    private static func database(_ settings: DatabaseSettings, _ add: Add) async {
        guard let url = settings.url else { return postgresPrograms(add) }
        do throws(LedgerError) {
            let status = try await Migrator(connectionString: url.reveal(), log: .silent).status()
            guard status.pending.isEmpty else {
                return add(
                    "database",
                    .warning,
                    "reached, \(Counted.text(status.pending.count, "migration")) to come",
                    "`easel db migrate`, or start the gateway"
                )
            }
            add("database", .ok, "reached, schema up to date", nil)
            let ledger = try await PostgresLedger.connect(
                connectionString: url.reveal(),
                log: .silent,
                options: small,
                migrate: false
            )
            let rows: [UnreadableRow]
            do throws(LedgerError) { rows = try await ledger.lookThrough(at: TimeSource.system.now) } catch {
                await ledger.close()
                throw error
            }
            await ledger.close()
            for row in rows.prefix(10) {
                add(
                    "database row",
                    .warning,
                    "among \(row.reader) \(row.id) cannot be read: \(row.reason)",
                    "it waits for a version of Easel that can read it; the others go on"
                )
            }
            if rows.count > 10 { add("database rows", .warning, "\(rows.count - 10) more cannot be read", nil) }
        } catch {
            add(
                "database",
                .problem,
                error.sentence,
                "check database.url and that the server accepts this host and user"
            )
        }
    }

    /// Whether each provider's address answers at all; no key is sent and nothing is spent.
    private static func providers(_ configuration: Configuration, _ add: Add) async {
        let group = EventLoopGroup(name: "doctor", count: 1)
        defer { group.shutdown() }
        let client = HTTPClient(group: group)
        for provider in configuration.providers {
            let request = HTTPRequest(
                method: "GET",
                url: provider.baseURL,
                timeouts: HTTPTimeouts(connect: .seconds(5), total: .seconds(10)),
                maxResponseBytes: 1 << 20
            )
            do throws(TransportError) {
                let response = try await client.execute(request)
                add(
                    "provider \(provider.name)",
                    .ok,
                    "\(provider.baseURL) answers (status \(response.status) without a key)",
                    nil
                )
            } catch {
                add(
                    "provider \(provider.name)",
                    .problem,
                    "\(provider.baseURL) cannot be reached: \(error.sentence)",
                    "check base_url, DNS, and that this machine may open connections to it"
                )
            }
        }
    }
}
