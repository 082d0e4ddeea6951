import EaselBase

/// What went wrong with a statement or a connection.
///
/// Two voices: `sentence` is safe to show (a code, names of our schema, and the server's words where these cannot quote a
/// row), `message` and `detail` are the server's own words and go no further. Neither ever holds the parameters of a
/// statement (S2).
struct PostgresError: Error, Sendable, Explained {
    enum Kind: Sendable, Hashable {
        /// The server refused a statement; `sqlState` says why.
        case server
        /// No connection could be opened; nothing was sent.
        case connectFailed
        /// The connection ended; whether the server did what was sent is not known.
        case connectionLost
        /// No answer in time; as with `connectionLost`, and the connection is closed.
        case timedOut
        /// An answer that does not fit the statement.
        case unexpected
    }

    let kind: Kind
    /// The five characters of SQLSTATE, where the server gave them.
    var sqlState: String?
    var message: String
    var detail: String?
    var table: String?
    var constraint: String?
    /// Which command of a pipeline failed; nil when it was none of them (the COMMIT, or the connection).
    var commandIndex: Int?

    init(
        _ kind: Kind,
        sqlState: String? = nil,
        message: String,
        detail: String? = nil,
        table: String? = nil,
        constraint: String? = nil,
        commandIndex: Int? = nil
    ) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.table = table
        self.constraint = constraint
        self.commandIndex = commandIndex
    }

    var sentence: String {
        var text =
            switch kind {
            case .server: "PostgreSQL rejected a statement"
            case .connectFailed: "PostgreSQL cannot be reached"
            case .connectionLost: "the connection to PostgreSQL was lost"
            case .timedOut: "PostgreSQL did not answer in time"
            case .unexpected: "PostgreSQL gave an unexpected answer"
            }
        if let sqlState { text += " (SQLSTATE \(sqlState))" }
        if let table { text += " on \(table)" }
        if let constraint { text += ", constraint \(constraint)" }
        return cause.map { "\(text): \($0)" } ?? text
    }

    /// Why, in PostgreSQL's own words: what an operator has to mend is in them. Nil where they may quote a row.
    private var cause: String? {
        switch kind {
        case .connectFailed, .timedOut: break
        case .connectionLost, .unexpected: return nil
        case .server:
            // Errors about data (22, 23, and what a function raises) quote values. These are about the connection, rights,
            // names and states of the server: https://www.postgresql.org/docs/15/errcodes-appendix.html
            let classes = ["08", "0A", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "F0"]
            guard let sqlState, classes.contains(String(sqlState.prefix(2))) else { return nil }
        }
        let words = Self.sentences(message)
        return words.isEmpty ? nil : Printable.line(String(words.prefix(500)))
    }

    /// One line of the lines of a message: libpq puts what it asks (`Is the server running ...?`) on a line of its own, without
    /// an end to what stands before it.
    private static func sentences(_ message: String) -> String {
        var text = ""
        for line in message.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard !words.isEmpty else { continue }
            let goesOn = text.last.map { ".:;,?!".contains($0) } ?? true
            text += (text.isEmpty ? "" : goesOn || words.first?.isUppercase != true ? " " : ". ") + words
        }
        return text
    }
}

/// What follows from an error for the work that met it.
enum PostgresVerdict: Sendable, Hashable {
    /// Open a new connection and run the work again; the server may have done it already.
    case reconnect
    /// Deadlock or serialization failure: nothing was written, run it again on the same connection.
    case repeatWork
    /// The connection's prepared statements are gone or stale: new connection, run again; nothing was written.
    case resetStatements
    /// A row lies outside every partition.
    case noPartition
    /// The database cannot serve this now.
    case unavailable
    /// A unique name is taken.
    case conflict
    /// A repeat will not help.
    case rejected
}

extension PostgresError {
    /// read_only_sql_transaction: a standby, or a server that is set to take no writes.
    var isReadOnly: Bool { kind == .server && sqlState == "25006" }

    var verdict: PostgresVerdict {
        switch kind {
        case .connectFailed, .connectionLost, .timedOut: return .reconnect
        case .unexpected: return .rejected
        case .server: break
        }
        guard let sqlState else { return .rejected }
        switch sqlState {
        case "40001", "40P01": return .repeatWork
        // invalid_sql_statement_name, duplicate_prepared_statement, "cached plan must not change result type":
        // what a transaction pooler in between, or a migration beside us, does to prepared statements.
        case "26000", "42P05", "0A000": return .resetStatements
        // A check violation without a constraint's name is PostgreSQL's "no partition of relation found for row".
        case "23514" where constraint == nil: return .noPartition
        // undefined_table: a statement names a month's partition that is not made yet.
        case "42P01": return .noPartition
        case "23505", "23P01": return .conflict
        // A primary that became a standby: another connection may lead to the new primary.
        case "25006": return .reconnect
        // query_canceled by a timeout, lock_not_available, and the server going up or down.
        case "57014", "55P03": return .unavailable
        default: break
        }
        switch sqlState.prefix(2) {
        case "08", "57": return .reconnect
        case "53", "58", "F0", "28", "3D": return .unavailable
        default: return .rejected
        }
    }
}
