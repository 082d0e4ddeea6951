import CPostgres
import EaselBase
import Foundation

/// One connection to PostgreSQL through libpq.
///
/// Not `Sendable`: it belongs to the one thread that opened it, and every method blocks that thread until the answer is
/// there or the deadline is past. After a lost connection or a missed deadline it is of no further use.
final class PostgresConnection {
    private let raw: OpaquePointer
    /// Prepared statements by their text. Only those the server has confirmed are here.
    private var prepared: [String: String] = [:]
    private var preparedCount = 0
    private(set) var isUsable = true
    private var fault: WireFault?

    /// Opens a connection and sets it up. Blocks for `connect_timeout` of the connection string at most (2 s unless it
    /// says otherwise) for each host.
    init(_ settings: ConnectionSettings) throws(PostgresError) {
        var keywords = ["dbname"]
        var values = [settings.connectionString]
        let (given, secrets) = try Self.keywords(in: settings.connectionString)
        for (keyword, value) in ConnectionSettings.defaults where !given.contains(keyword) {
            keywords.append(keyword)
            values.append(value)
        }
        let opened = Self.withCStrings(keywords) { keywords in
            // The one lets "dbname" be a whole connection string.
            Self.withCStrings(values) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let opened else { throw PostgresError(.connectFailed, message: "out of memory") }
        guard PQstatus(opened) == CONNECTION_OK else {
            let message = String(cString: PQerrorMessage(opened))
            PQfinish(opened)
            // What libpq and the server say names hosts, users and databases; a password only by mistake (S2).
            throw PostgresError(.connectFailed, message: secrets.reduce(message) { $0.replacing($1, with: "***") })
        }
        raw = opened
        // Notices have no reader; libpq would print them to standard error, which is for log lines.
        PQsetNoticeReceiver(opened, { _, _ in }, nil)
        PQsetnonblocking(opened, 1)
        _ = try run(settings.setup, deadline: .now + .seconds(5))
        fault = settings.fault
    }

    deinit { PQfinish(raw) }

    /// Makes it of no further use, so that its owner opens another.
    func abandon() { isUsable = false }

    /// The server process that serves this connection.
    var backendPID: Int32 { PQbackendPID(raw) }

    /// Runs the statements in one round trip; all take effect or none does.
    func run(_ commands: [SQLCommand], deadline: SteadyInstant) throws(PostgresError) -> [SQLResult] {
        try exchange(commands, deadline: deadline)
    }

    /// Runs one statement.
    func run(
        _ sql: String,
        _ parameters: [SQLValue] = [],
        deadline: SteadyInstant
    ) throws(PostgresError) -> SQLResult {
        let results = try exchange([SQLCommand(sql, parameters)], deadline: deadline)
        return results.first ?? SQLResult()
    }

    /// Runs the statements between BEGIN and COMMIT, all in one round trip. When it returns, the commit is durable.
    /// When it throws `.server`, nothing was written; when it throws anything else, the server may have committed.
    /// `opening` is run first, and an error in it is nobody's fault among the commands.
    func transaction(
        _ commands: [SQLCommand],
        begin: String = "BEGIN",
        opening: SQLCommand? = nil,
        deadline: SteadyInstant
    ) throws(PostgresError) -> [SQLResult] {
        let head = [SQLCommand(begin)] + (opening.map { [$0] } ?? [])
        do throws(PostgresError) {
            let results = try exchange(head + commands + [SQLCommand("COMMIT")], deadline: deadline)
            guard results.last?.tag == "COMMIT" else {
                throw PostgresError(.unexpected, message: "the transaction was rolled back")
            }
            return Array(results.dropFirst(head.count).dropLast())
        } catch {
            var error = error
            rollBack()
            if let index = error.commandIndex {
                let own = index - head.count
                error.commandIndex = commands.indices.contains(own) ? own : nil
            }
            throw error
        }
    }

    /// Until the end of the transaction. All rows will be read, so the planner must not prefer what gives the first ones
    /// soon. With less memory the histograms of a report over many days are sorted or spilled.
    private static let reportSettings = SQLCommand(
        """
        SELECT set_config('cursor_tuple_fraction', '1', true),
            set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')), 16 << 20) / 1024 || 'kB', true)
        """
    )

    /// Reads in one snapshot: first `command`, then what follows from its result: a query whose rows are given to `rows` in
    /// pieces until it has enough (false), and other commands. No more than a round trip's rows are held here at a time.
    func snapshot<First>(
        _ command: SQLCommand,
        _ read: (SQLResult) throws(PostgresError) -> First,
        following: (First) -> (query: SQLCommand, others: [SQLCommand]),
        rows: (borrowing PostgresResult) -> Bool,
        deadline: SteadyInstant
    ) throws(PostgresError) -> (first: First, others: [SQLResult]) {
        do throws(PostgresError) {
            let begin = SQLCommand("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let first = try read(try exchange([begin, command], deadline: deadline)[1])
            let (query, others) = following(first)
            let open = [
                Self.reportSettings,
                SQLCommand("DECLARE easel NO SCROLL CURSOR FOR \(query.sql)", query.parameters, isPrepared: false),
            ]
            var pieces = CursorPieces()
            var isWanted = true
            func take(_ result: borrowing PostgresResult) -> Bool {
                guard isWanted else { return true }
                isWanted = rows(result) && result.rowCount == pieces.rows
                pieces.note(result)
                return true
            }
            func fetches() -> [SQLCommand] {
                // Not prepared, as each cursor has columns of its own.
                let fetch = SQLCommand("FETCH \(pieces.rows) FROM easel", isPrepared: false)
                return Array(repeating: fetch, count: pieces.perRoundTrip)
            }
            let head = open + others
            let results = try exchange(head + fetches(), deadline: deadline) { $0 >= head.count && take($1) }
            while isWanted {
                pieces.adapt()
                _ = try exchange(fetches(), deadline: deadline) { take($1) }
            }
            _ = try exchange([SQLCommand("COMMIT")], deadline: deadline)
            return (first, Array(results[open.count..<head.count]))
        } catch {
            rollBack()
            throw error
        }
    }

    /// An error in the pipeline leaves the explicit transaction open and failed.
    private func rollBack() {
        guard isUsable else { return }
        do { _ = try exchange([SQLCommand("ROLLBACK")], deadline: .now + .seconds(2)) } catch { isUsable = false }
    }

    /// Runs a script of several statements without parameters, as one transaction unless it says otherwise itself.
    func script(_ sql: String, deadline: SteadyInstant) throws(PostgresError) {
        guard isUsable, PQsendQuery(raw, sql) == 1 else { throw lost() }
        try flush(deadline)
        var failure: PostgresError?
        while let result = try next(deadline) {
            if result.status == PGRES_FATAL_ERROR, failure == nil { failure = result.error(commandIndex: nil) }
        }
        if let failure { throw failure }
    }

    // MARK: - The pipeline

    private enum Expected {
        case preparation(sql: String, name: String, command: Int)
        case command(Int)
    }

    /// `take` is given the place of a command and its result; when it answers true, the rows are not copied.
    private func exchange(
        _ commands: [SQLCommand],
        deadline: SteadyInstant,
        take: (Int, borrowing PostgresResult) -> Bool = { _, _ in false }
    ) throws(PostgresError) -> [SQLResult] {
        guard let fault else { return try pipeline(commands, deadline: deadline, take: take) }
        var commands = commands
        switch fault.decide(commands.map(\.sql)) {
        case .pass: return try pipeline(commands, deadline: deadline, take: take)
        case .fail(let index, let sqlState):
            let block = "DO $$BEGIN RAISE EXCEPTION 'a fault of a test' USING ERRCODE = '\(sqlState)'; END$$"
            commands[index] = SQLCommand(block, isPrepared: false)
            return try pipeline(commands, deadline: deadline, take: take)
        case .cutBefore: throw lost()
        case .cutAfter:
            _ = try pipeline(commands, deadline: deadline, take: take)
            throw lost()
        }
    }

    private func pipeline(
        _ commands: [SQLCommand],
        deadline: SteadyInstant,
        take: (Int, borrowing PostgresResult) -> Bool
    ) throws(PostgresError) -> [SQLResult] {
        guard isUsable, PQenterPipelineMode(raw) == 1 else { throw lost() }
        var expected: [Expected] = []
        var announced: [String: String] = [:]
        for (index, command) in commands.enumerated() {
            let parameters = ParameterBuffer(command.parameters)
            if command.isPrepared {
                var name = prepared[command.sql] ?? announced[command.sql]
                if name == nil {
                    preparedCount += 1
                    let fresh = "easel\(preparedCount)"
                    guard PQsendPrepare(raw, fresh, command.sql, parameters.count, parameters.types) == 1 else {
                        throw lost()
                    }
                    announced[command.sql] = fresh
                    expected.append(.preparation(sql: command.sql, name: fresh, command: index))
                    name = fresh
                }
                let sent = parameters.withPointers { values, lengths, formats in
                    PQsendQueryPrepared(raw, name, parameters.count, values, lengths, formats, 1)
                }
                guard sent == 1 else { throw lost() }
            } else {
                let sent = parameters.withPointers { values, lengths, formats in
                    PQsendQueryParams(
                        raw,
                        command.sql,
                        parameters.count,
                        parameters.types,
                        values,
                        lengths,
                        formats,
                        1
                    )
                }
                guard sent == 1 else { throw lost() }
            }
            expected.append(.command(index))
        }
        guard PQpipelineSync(raw) == 1 else { throw lost() }
        try flush(deadline)
        return try collect(expected, count: commands.count, deadline: deadline, take: take)
    }

    private func collect(
        _ expected: [Expected],
        count: Int,
        deadline: SteadyInstant,
        take: (Int, borrowing PostgresResult) -> Bool
    ) throws(PostgresError) -> [SQLResult] {
        var results = [SQLResult](repeating: SQLResult(), count: count)
        var failure: PostgresError?
        for item in expected {
            guard let answer = try next(deadline, after: failure) else { throw lost(after: failure) }
            switch answer.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                switch item {
                case .preparation(let sql, let name, _): prepared[sql] = name
                case .command(let index):
                    if !take(index, answer) { results[index] = answer.result }
                }
            case PGRES_PIPELINE_ABORTED:
                break
            default:
                let index =
                    switch item {
                    case .preparation(_, _, let command), .command(let command): command
                    }
                if failure == nil { failure = answer.error(commandIndex: index) }
            }
            // Each statement's results end with a null one.
            while try next(deadline, after: failure) != nil {}
        }
        guard let sync = try next(deadline, after: failure) else { throw lost(after: failure) }
        if sync.status != PGRES_PIPELINE_SYNC, failure == nil {
            // A commit that fails at the sync point is reported in its place; the sync itself follows.
            failure = sync.error(commandIndex: nil)
            while let rest = try next(deadline, after: failure), rest.status != PGRES_PIPELINE_SYNC {}
        }
        if PQexitPipelineMode(raw) != 1 { throw lost(after: failure) }
        if let failure { throw failure }
        return results
    }

    // MARK: - The socket

    /// The next result; nil is libpq's end mark.
    private func next(
        _ deadline: SteadyInstant,
        after failure: PostgresError? = nil
    ) throws(PostgresError) -> PostgresResult? {
        while PQisBusy(raw) == 1 {
            try wait(for: Int16(POLLIN), until: deadline)
            guard PQconsumeInput(raw) == 1 else { throw lost(after: failure) }
        }
        guard let result = PQgetResult(raw) else {
            // Without this an ended connection would look like an endless row of end marks.
            if PQstatus(raw) == CONNECTION_BAD { throw lost(after: failure) }
            return nil
        }
        return PostgresResult(owning: result)
    }

    /// Sends what libpq has buffered. Reads at the same time, for a server whose own buffer is full stops reading ours.
    private func flush(_ deadline: SteadyInstant) throws(PostgresError) {
        while true {
            switch PQflush(raw) {
            case 0: return
            case 1:
                try wait(for: Int16(POLLIN | POLLOUT), until: deadline)
                guard PQconsumeInput(raw) == 1 else { throw lost() }
            default: throw lost()
            }
        }
    }

    private func wait(for events: Int16, until deadline: SteadyInstant) throws(PostgresError) {
        while true {
            let left = deadline.since(.now).milliseconds
            guard left > 0 else {
                isUsable = false
                throw PostgresError(.timedOut, message: "the deadline passed")
            }
            var descriptor = pollfd(fd: PQsocket(raw), events: events, revents: 0)
            guard descriptor.fd >= 0 else { throw lost() }
            let ready = poll(&descriptor, 1, Int32(clamping: left))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw lost() }
        }
    }

    private func lost(after failure: PostgresError? = nil) -> PostgresError {
        isUsable = false
        return PostgresError(
            .connectionLost,
            sqlState: failure?.sqlState,
            message: failure?.message ?? String(cString: PQerrorMessage(raw))
        )
    }

    // MARK: - Connection strings

    /// The keywords that a connection string sets itself, and the values that nobody may see. Throws `.connectFailed` when
    /// it cannot be read.
    private static func keywords(
        in connectionString: String
    ) throws(PostgresError) -> (names: Set<String>, secrets: [String]) {
        let values = try values(in: connectionString)
        let secrets = values.filter { $0.key.contains("password") && !$0.value.isEmpty }
        return (Set(values.keys), Array(secrets.values))
    }

    /// What a connection string sets, by libpq's names.
    static func values(in connectionString: String) throws(PostgresError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(connectionString, &message) else {
            // libpq quotes the string in its message, password included, so the message is not used.
            PQfreemem(message)
            throw PostgresError(
                .connectFailed,
                message: "the database URL is not understood; write postgresql://USER@HOST:PORT/NAME"
            )
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }

    /// A null-terminated array of C strings that lives as long as `body` runs.
    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer($0) } + [nil]
        return pointers.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has an address") }
            return body(base)
        }
    }
}
