import EaselBase
import EaselCore

/// Finds the windows that the database cannot sum up, by halves: what can be summed up is, and each of the others is written
/// down with the reason, to be tried again later.
struct RollupFaults {
    /// Runs commands in one transaction behind the fence; false when the lease is another's.
    private let transact: ([SQLCommand]) throws(PostgresError) -> Bool
    /// Whether the lease was ours all the time.
    private(set) var isHolder = true
    private(set) var faults: [RollupPass.Fault] = []

    init(_ transact: @escaping ([SQLCommand]) throws(PostgresError) -> Bool) {
        self.transact = transact
    }

    /// Commands that are about no window.
    mutating func run(_ commands: [SQLCommand]) throws(PostgresError) {
        guard isHolder else { return }
        isHolder = try transact(commands)
    }

    /// Windows in as few transactions as there can be: one where none is at fault.
    mutating func run(
        _ level: UsageLevel,
        _ windows: [RollupStatements.Window],
        _ commands: ([RollupStatements.Window]) -> [SQLCommand]
    ) throws(PostgresError) {
        guard isHolder, !windows.isEmpty else { return }
        do throws(PostgresError) {
            isHolder = try transact(commands(windows))
            return
        } catch {
            guard error.isOfWhatIsWritten else { throw error }
            guard windows.count > 1 else {
                isHolder = try transact([RollupStatements.fault(windows[0], level, error.sentence)])
                return faults.append(
                    RollupPass.Fault(
                        teamID: windows[0].teamID,
                        level: level,
                        start: windows[0].start,
                        reason: error.sentence
                    )
                )
            }
        }
        let middle = windows.count / 2
        try run(level, Array(windows[..<middle]), commands)
        try run(level, Array(windows[middle...]), commands)
    }
}

extension PostgresError {
    /// Whether what was to be written is at fault, so that no repeat helps: a value out of range, a key too long for its
    /// index. Not the database, the connection or the time.
    var isOfWhatIsWritten: Bool {
        guard kind == .server, let sqlState else { return false }
        return ["21", "22", "23", "54"].contains(sqlState.prefix(2))
    }
}
