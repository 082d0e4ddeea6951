import EaselBase
import EaselConfiguration
import EaselCore
import EaselLedger
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
        if findings.contains(where: { $0.level == .problem }) { throw CommandFailure("something needs mending") }
    }

    private static func examine(path: String, isGiven: Bool) async -> [Finding] {
        var findings: [Finding] = []
        func add(_ check: String, _ level: Level, _ detail: String, _ mend: String? = nil) {
            findings.append(Finding(check: check, level: level, detail: detail, mend: mend))
        }
        files(add)
        var configuration: Configuration?
        if isGiven || FileManager.default.fileExists(atPath: path) {
            do throws(ConfigurationError) {
                configuration = try Configuration.load(path: path)
                add("configuration", .ok, "\(path) is sound")
            } catch {
                add(
                    "configuration",
                    .problem,
                    error.report,
                    "mend the lines above; `easel config example` prints a sound one"
                )
            }
        } else {
            add(
                "configuration",
                .warning,
                "there is no \(path)",
                "`easel config example > easel.yaml`, or `easel up` to try without"
            )
        }
        let directory = configuration?.dataDirectory ?? ".easel"
        dataDirectory(directory, add)
        journal(directory, add)
        if let configuration {
            await database(configuration, add)
            await providers(configuration, add)
            await listener(configuration, add)
        } else {
            postgresPrograms(add)
        }
        return findings
    }

    private typealias Add = (String, Level, String, String?) -> Void

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
            let writes = file.count == 1 ? "1 write" : "\(file.count) writes"
            let why = file.kind == .refused ? "that the database refused" : "that cannot be read"
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

    private static func database(_ configuration: Configuration, _ add: Add) async {
        guard let url = configuration.database.url else { return postgresPrograms(add) }
        do throws(LedgerError) {
            let status = try await Migrator(connectionString: url.reveal(), log: .silent).status()
            guard status.pending.isEmpty else {
                return add(
                    "database",
                    .warning,
                    "reached, \(status.pending.count) migration(s) to come",
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
                    "it waits for a version of Easel that knows it; the others go on"
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
                    "check base_url, DNS, and that this machine may connect out"
                )
            }
        }
    }

    /// Rows of the database that the running gateway could not read.
    private static func unreadable(_ readiness: JSONValue, _ add: Add) {
        guard let count = readiness["unreadable_rows"]?.intValue, count > 0 else { return }
        add(
            "database rows",
            .warning,
            "\(count) cannot be read by this version and wait, calls left behind perhaps among them",
            "the log names each (\"a row cannot be read and is set aside\"); a later version of Easel may know them"
        )
    }

    private static func listener(_ configuration: Configuration, _ add: Add) async {
        let group = EventLoopGroup(name: "doctor", count: 1)
        defer { group.shutdown() }
        let host = ["0.0.0.0", "::", ""].contains(configuration.listen.host) ? "127.0.0.1" : configuration.listen.host
        let url = "http://\(host):\(configuration.listen.port)/readyz"
        let request = HTTPRequest(url: url, timeouts: HTTPTimeouts(connect: .seconds(2), total: .seconds(5)))
        do throws(TransportError) {
            let response = try await HTTPClient(group: group).execute(request)
            let body = String(decoding: response.body.prefix(200), as: UTF8.self)
            if response.status == 200 {
                add("gateway", .ok, "ready on \(configuration.listen)", nil)
                unreadable((try? JSON.decode(JSONValue.self, from: response.body)) ?? .null, add)
            } else {
                add("gateway", .warning, "\(configuration.listen) answers \(response.status): \(body)", "see its log")
            }
        } catch {
            add("gateway", .warning, "not running on \(configuration.listen)", "`easel serve --config FILE` starts it")
        }
    }
}
