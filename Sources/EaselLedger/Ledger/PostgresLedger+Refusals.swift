import EaselBase
import EaselCore
import Foundation

// MARK: - Why an admission got a no

extension PostgresLedger {
    /// Finds out why an admission was not taken. Off the way of calls that are.
    func whyNot(_ admission: Admission) async throws(LedgerError) -> AdmissionVerdict {
        let verdict = try await lookups.read(
            limit: options.readLimit
        ) { connection, deadline throws(PostgresError) -> AdmissionVerdict? in
            let results = try connection.transaction(
                [
                    SQLCommand(
                        """
                        SELECT status = 'failed' AND error_code = 'unavailable' FROM calls
                        WHERE team_id = $1 AND received_at = $2 AND call_id = $3
                        """,
                        admission.key.values
                    ),
                    SQLCommand("SELECT version FROM terms WHERE name = 'spending'"),
                    Self.idempotentCommand(
                        teamID: admission.teamID,
                        key: admission.idempotency?.text,
                        at: admission.receivedAt
                    ),
                    BudgetReader.standings(
                        at: admission.receivedAt,
                        where: "b.id = ANY($2)",
                        [.uuids(admission.budgets.map(\.budgetID))]
                    ),
                ],
                begin: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                deadline: deadline
            )
            // Written by an earlier run of the same statement whose answer was lost, or taken back since.
            if let isTakenBack = results[0].rows.first?.first { return isTakenBack == .bool(true) ? nil : .admitted }
            if results[1].rows.first?.first != .int(admission.termsVersion) { return .stale }
            if let call = try Self.idempotentCall(results[2]) { return .repeated(call) }
            let standings = try results[3].rows.map { (cells) throws(PostgresError) in
                try BudgetReader.standing(cells, at: admission.receivedAt)
            }
            let refusal = BudgetRefusal.first(
                of: standings,
                amount: admission.bound,
                images: admission.imagesRequested,
                allowsUnpriced: admission.allowsUnpriced,
                at: admission.receivedAt
            )
            // Otherwise money became free in between, or a window had no row: worth another try.
            return refusal.map { .refused($0) } ?? .stale
        }
        guard let verdict else { throw .unavailable("the admission was taken back") }
        if verdict == .stale { memory.withLock { $0.forgetWindows() } }
        return verdict
    }

    /// Finds out which budget did not take more of a call under way.
    func whyNot(
        hold: Hold,
        of call: CallKey
    ) async throws(LedgerError) -> StartVerdict {
        let refusal = try await lookups.read(
            limit: options.readLimit
        ) { connection, deadline throws(PostgresError) -> BudgetRefusal? in
            let receivedAt = call.receivedAt
            let results = try connection.transaction(
                [
                    SQLCommand(
                        """
                        SELECT coalesce(amount_nusd, 0), images FROM reservations
                        WHERE team_id = $1 AND received_at = $2 AND call_id = $3
                        """,
                        call.values
                    ),
                    BudgetReader.standings(
                        at: receivedAt,
                        where: """
                            b.team_id IN (0, $2) AND b.hard AND EXISTS (
                                SELECT 1 FROM calls AS c
                                WHERE c.team_id = $2 AND c.received_at = $1 AND c.call_id = $3
                                    AND (b.scope IN ('org', 'team') OR b.project = c.project OR b.key_id = c.key_id))
                            """,
                        [.int(call.teamID), .uuid(call.callID)]
                    ),
                ],
                begin: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                deadline: deadline
            )
            guard let cells = results[0].rows.first else { return nil }
            var row = RowReader(cells)
            let more = max(.zero, hold.amount - (try row.money()))
            let moreImages = max(0, hold.images - (try row.int()))
            let standings = try results[1].rows.map { (cells) throws(PostgresError) in
                try BudgetReader.standing(cells, at: receivedAt)
            }
            // Whoever made room meanwhile: the attempts were not written, so the answer stays no.
            let tightest = standings.min { Self.left($0, at: receivedAt) < Self.left($1, at: receivedAt) }
            return BudgetRefusal.first(
                of: standings,
                amount: more,
                images: moreImages,
                allowsUnpriced: false,
                at: receivedAt
            )
                ?? tightest.map { BudgetRefusal(reason: .exceeded, standing: $0, asked: more, askedImages: moreImages) }
        }
        guard let refusal else { throw .rejected("call \(call.callID.text) is no longer in progress") }
        return .refused(refusal)
    }

    private static func left(_ standing: BudgetStanding, at moment: Timestamp) -> Money {
        if case .money(let left) = standing.remaining(at: moment) { left } else { Money(nanodollars: .max) }
    }
}
