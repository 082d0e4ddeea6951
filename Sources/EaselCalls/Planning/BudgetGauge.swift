import EaselBase
import EaselCore

/// What callers have left in their budgets, for policies that choose by it. A figure may be two seconds old: it only
/// steers; limiting spending is the admission's part (M2).
final class BudgetGauge: Sendable {
    static let memory = Duration.seconds(2)
    /// Teams that are remembered (S4).
    static let teamLimit = 10_000

    private struct Reading {
        var standings: [BudgetStanding]
        var readAt: SteadyInstant
        var isBeingRead = false
    }

    private let ledger: any BudgetStandings
    private let readings = Locked<[Int64: Reading]>([:])

    init(ledger: any BudgetStandings) {
        self.ledger = ledger
    }

    /// The smallest share left in any budget that applies, in percent of its limit; 100 without a budget.
    func leftPercent(
        account: Account,
        project: String?,
        at now: Timestamp
    ) async throws(LedgerError) -> Double {
        try await standings(teamID: account.teamID, at: now)
            .filter { $0.budget.applies(teamID: account.teamID, project: project, keyID: account.keyID) }
            .map { $0.percentLeft(at: now) }
            .min()
            // As the log keeps it, so that a choice can be reproduced.
            .map { ($0 * 10_000).rounded() / 10_000 } ?? 100
    }

    private func standings(teamID: Int64, at now: Timestamp) async throws(LedgerError) -> [BudgetStanding] {
        let steady = SteadyInstant.now
        // One caller reads again; the others continue with what is known.
        let known: [BudgetStanding]? = readings.withLock { readings in
            guard let reading = readings[teamID] else { return nil }
            if steady.since(reading.readAt) < Self.memory || reading.isBeingRead { return reading.standings }
            readings[teamID]?.isBeingRead = true
            return nil
        }
        if let known { return known }
        do throws(LedgerError) {
            // The organisation's budgets are under team 0.
            let organisation = try await ledger.budgets(teamID: 0, at: now)
            let fresh = organisation + (teamID == 0 ? [] : try await ledger.budgets(teamID: teamID, at: now))
            readings.withLock { readings in
                if readings.count >= Self.teamLimit { readings.removeAll(keepingCapacity: true) }
                readings[teamID] = Reading(standings: fresh, readAt: steady)
            }
            return fresh
        } catch {
            readings.withLock { $0[teamID]?.isBeingRead = false }
            throw error
        }
    }
}
