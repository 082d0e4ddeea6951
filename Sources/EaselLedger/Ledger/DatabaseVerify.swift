package import EaselBase
package import EaselCore
package import Foundation

/// Proves that the figures of the log fit together (M6), for `easel db verify`.
package struct DatabaseVerify: Sendable {
    /// One thing that does not fit.
    package struct Finding: Sendable, Hashable {
        /// Which rule is broken.
        package let check: Check
        package let teamID: Int64
        /// What the check's `subject` says.
        package let callID: UUID
        /// The figures, for a person.
        package let detail: String
    }

    /// The rules.
    package enum Check: String, Sendable, Hashable, CaseIterable {
        /// A settled call costs what its attempts are known to cost; NULL, not 0, when only zeros are known and one is not.
        case costIsSumOfAttempts = "cost_is_sum_of_attempts"
        /// No attempt of a settled call is still on its way.
        case settledWithoutPending = "settled_without_pending"
        /// Every reservation that holds money belongs to a call in progress or one with an unknown attempt.
        case reservationHasReason = "reservation_has_reason"
        /// A call in progress, or with an unknown attempt, holds its money back (M3, M7).
        case reservationIsThere = "reservation_is_there"
        /// The images that were delivered are there.
        case imagesDelivered = "images_delivered"
        /// No figure is below zero.
        case nonNegative = "non_negative"
        /// A call's attempts are counted 1, 2, 3 without a gap, and the call knows how many.
        case ordinalsWithoutGaps = "ordinals_without_gaps"
        /// How a call ended, who delivered, and what failing over cost are what its attempts and images say.
        case endIsItsAttempts = "end_is_its_attempts"
        /// A race has two sides, of one provider each, and the second began after the first.
        case racesHaveTwoSides = "races_have_two_sides"
        /// Every attempt, image and shadow belongs to a call.
        case partsHaveCall = "parts_have_call"
        /// What a budget's window says was posted is what its calls cost (M6).
        case budgetIsSumOfCalls = "budget_is_sum_of_calls"
        /// What a budget's window holds back is what the reservations of its calls hold.
        case budgetHoldsReservations = "budget_holds_reservations"
        /// A hard budget's window never came to more than its limit, what providers charged beyond their price and what
        /// was spent before the budget stood aside (M2).
        case budgetWithinLimit = "budget_within_limit"
        /// What a day's window of shadows says was posted and is held back is what its shadows cost and hold (M6).
        case shadowWindowIsSum = "shadow_window_is_sum"
        /// A day's window of shadows never came to more than its limit and what providers charged beyond their price (M2).
        case shadowWithinLimit = "shadow_within_limit"
        /// The sums by minute are what the log says, but for what was written since they were made (M6, L3).
        case rollupIsLog = "rollup_is_log"
        /// The sums by hour and by day are those of the minutes.
        case rollupsAddUp = "rollups_add_up"

        /// What the id of its findings is of; nil: of nothing, and their detail names what they are about.
        package var subject: String? {
            switch self {
            case .budgetIsSumOfCalls, .budgetHoldsReservations, .budgetWithinLimit: "budget"
            case .shadowWindowIsSum, .shadowWithinLimit, .rollupIsLog, .rollupsAddUp: nil
            default: "call"
            }
        }
    }

    /// How far it has come.
    package struct Progress: Sendable, Hashable {
        package let check: Check
        /// Steps that are done, and how many there are.
        package let done: Int
        package let steps: Int
    }

    package static let usualStretch = 2_000_000
    /// Keeps two cores of the server busy. A larger server may be given more, as far as others do not need it.
    package static let usualConnections = 2

    private let ledger: PostgresLedger

    package init(_ ledger: PostgresLedger) {
        self.ledger = ledger
    }

    /// Looks at the calls that were received since a moment. Returns at most `limit` findings for each rule.
    ///
    /// - Parameters:
    ///   - stretch: calls of a stretch of the log that is looked at with one statement; more only where a single day has
    ///     more. Attempts and images may come a week after their call, and so each stretch reads a week more of them:
    ///     fewer, longer stretches read less twice.
    ///   - connections: steps that are run side by side, each by a connection of its own.
    ///   - progress: told before each step.
    ///
    /// Every rule takes time in proportion to what it looks at: each statement joins whole stretches of the log with each
    /// other, and a big log is looked at stretch by stretch. It only reads, one snapshot for a statement.
    package func findings(
        since: Timestamp,
        limit: Int = 100,
        stretch: Int = DatabaseVerify.usualStretch,
        connections: Int = DatabaseVerify.usualConnections,
        progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws(LedgerError) -> [Finding] {
        // A day after where the log begins: an attempt there may belong to a call that was dropped.
        let horizon = try await ledger.readers.read(limit: .seconds(5)) { connection, deadline throws(PostgresError) in
            try Horizon.read(Horizon.log, on: connection, deadline)
        }
        let since = max(since, horizon.map { $0 + .seconds(86_400) } ?? since)
        let days = try await callsByDay(since: since)
        let stretches = VerifyStretch.cover(since: since, calls: days, most: stretch)
        let whole = [VerifyStretch(from: since, to: VerifyStretch.end)]
        // The longest come first, so that no connection is left with one of them when the others have nothing to do.
        let tasks = Check.allCases.reversed().flatMap { check in
            VerifyStatements.steps(check).flatMap { step in
                (step.isByStretch ? stretches : whole).map { VerifyTask(check: check, step: step, stretch: $0) }
            }
        }
        let board = VerifyBoard(tasks, limit: limit, progress: progress)
        let failure = await withTaskGroup(of: LedgerError?.self) { group in
            for _ in 0..<max(1, connections) {
                group.addTask {
                    do throws(LedgerError) {
                        while let (task, left) = board.next() {
                            board.found(try await run(task, limit: left), by: task.check)
                        }
                        return nil
                    } catch {
                        board.stop()
                        return error
                    }
                }
            }
            return await group.reduce(nil) { $0 ?? $1 }
        }
        if let failure { throw failure }
        return board.findings
    }

    /// The calls of each day (UTC), to cut the log by.
    private func callsByDay(since: Timestamp) async throws(LedgerError) -> [(day: Timestamp, calls: Int)] {
        try await ledger.readers.read(limit: Self.stepLimit) { connection, deadline throws(PostgresError) in
            let results = try connection.transaction(
                [
                    SQLCommand("SET LOCAL statement_timeout = '\(Self.statementSeconds)s'"),
                    SQLCommand(
                        """
                        SELECT date_trunc('day', received_at, 'UTC') AS day, count(*) FROM calls
                        WHERE received_at >= $1 GROUP BY day ORDER BY day
                        """,
                        [.time(since)]
                    ),
                ],
                begin: "BEGIN READ ONLY",
                deadline: deadline
            )
            return try results[1].rows.map { (cells) throws(PostgresError) in
                var row = RowReader(cells)
                return (day: try row.time(), calls: try row.int())
            }
        }
    }

    /// For one statement; a rule that looks at the budgets of a whole log needs it most.
    private static let statementSeconds = 1_800
    private static let stepLimit = Duration.seconds(Int64(statementSeconds + 20))

    private func run(_ task: VerifyTask, limit: Int) async throws(LedgerError) -> [Finding] {
        let (check, step, stretch) = (task.check, task.step, task.stretch)
        return try await ledger.readers.read(limit: Self.stepLimit) { connection, deadline throws(PostgresError) in
            var commands = [
                SQLCommand("SET LOCAL statement_timeout = '\(Self.statementSeconds)s'"),
                // What does not fit goes to the server's disk; compiling takes longer than it wins.
                SQLCommand("SET LOCAL work_mem = '64MB'"), SQLCommand("SET LOCAL jit = off"),
            ]
            // Without statistics the planner takes a team for a handful of rows and joins each with each.
            if step.joinsWholes { commands.append(SQLCommand("SET LOCAL enable_nestloop = off")) }
            commands.append(
                SQLCommand(
                    // Materialised: an outer LIMIT makes the planner hope to be done early.
                    """
                    WITH f AS MATERIALIZED (\(step.sql)) SELECT team_id, call_id, detail FROM f LIMIT $3
                    """,
                    [.time(stretch.from), .time(stretch.to), .int(limit)],
                    // Planned for this very stretch.
                    isPrepared: false
                )
            )
            let results = try connection.transaction(commands, begin: "BEGIN READ ONLY", deadline: deadline)
            return try (results.last?.rows ?? []).map { (cells) throws(PostgresError) in
                var row = RowReader(cells)
                return Finding(
                    check: check,
                    teamID: try row.int64(),
                    callID: try row.uuid(),
                    detail: try row.text()
                )
            }
        }
    }
}
