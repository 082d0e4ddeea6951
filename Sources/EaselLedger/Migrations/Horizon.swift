import EaselBase
import EaselCore

/// Where the log and its sums begin since some of them were dropped for their age: names of rows of `daemon_state`.
enum Horizon {
    static let log = "log_horizon"
    static let rollups = "rollup_horizon"

    /// Where the log, or its sums, begin; nil while nothing was dropped.
    static func read(
        _ name: String,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> Timestamp? {
        let result = try connection.run(
            "SELECT watermark FROM daemon_state WHERE name = $1",
            [.text(name)],
            deadline: deadline
        )
        guard let cells = result.rows.first else { return nil }
        var row = RowReader(cells)
        return try row.optionalTime()
    }
}
