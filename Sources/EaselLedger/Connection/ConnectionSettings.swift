import EaselBase

/// How a connection is opened, and what is set on it before its first statement.
struct ConnectionSettings: Sendable {
    /// A libpq connection string or `postgresql://` URL. May hold a password, so it never reaches a log (S2).
    let connectionString: String
    /// After this long the server gives a statement up; zero for never.
    var statementTimeout: Duration = .seconds(30)
    /// After this long the server gives up waiting for a lock; zero for never.
    var lockTimeout: Duration = .zero
    /// Of tests only.
    var fault: WireFault?

    /// Defaults for what the connection string leaves open. A server that vanished without a word is noticed by
    /// keepalives when idle and by the user timeout when something was sent.
    static let defaults: [(keyword: String, value: String)] = [
        ("application_name", "easel"),
        ("client_encoding", "UTF8"),
        ("connect_timeout", "2"),
        ("keepalives", "1"),
        ("keepalives_idle", "10"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "10000"),
    ]

    /// Set on every new connection, in one round trip. The parts about Citus do nothing where the extension is not
    /// installed; a role that has durable commits switched off gets them back, for M3 stands on them.
    var setup: [SQLCommand] {
        [
            SQLCommand(
                """
                SELECT set_config('TimeZone', 'UTC', false),
                    set_config('statement_timeout', $1, false),
                    set_config('lock_timeout', $2, false),
                    set_config('idle_in_transaction_session_timeout', '30000', false)
                """,
                [.text(String(statementTimeout.milliseconds)), .text(String(lockTimeout.milliseconds))],
                isPrepared: false
            ),
            SQLCommand(
                """
                SELECT set_config('synchronous_commit', 'on', false)
                WHERE current_setting('synchronous_commit') = 'off'
                """,
                isPrepared: false
            ),
            SQLCommand(
                """
                SELECT set_config('citus.multi_shard_modify_mode', 'sequential', false),
                    set_config('citus.max_cached_conns_per_worker', '4', false)
                FROM pg_extension WHERE extname = 'citus'
                """,
                isPrepared: false
            ),
        ]
    }
}
