import EaselBase
import EaselCore
import EaselServer
import Foundation

/// Follows the log for a gateway's listeners: one reader, however many there are, and none while nobody listens.
struct EventFollower: Sendable {
    /// Where news comes from.
    struct Sources: Sendable {
        let tail: any EventTail
        let budgets: any BudgetLedger
        /// Nil where nobody keeps alerts.
        let alerts: (any AlertBook)?
        /// The rules of now: what others found once is nobody's concern.
        let rules: @Sendable () -> Set<String>
        /// The providers as this gateway finds them now.
        let providers: @Sendable () -> [ProviderNews]
        /// Whether what a listener came with still counts.
        let isGood: @Sendable (Authenticator.Credential) async -> Bool
    }

    /// How often the log is asked.
    private static let pace = Duration.seconds(1)
    /// Calls that are read at once.
    private static let page = 500
    /// How often budgets are looked at while calls end, and while none does.
    private static let budgetPace = (busy: Duration.seconds(2), idle: Duration.seconds(10))
    private static let alertPace = Duration.seconds(5)
    /// Proxies close a connection on which nothing has come for some time, often after 30 s.
    private static let beatPace = Duration.seconds(15)

    let broadcast: EventBroadcast
    let sources: Sources
    let time: TimeSource

    /// Until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await follow() }
            group.addTask { await attend() }
        }
    }

    /// Says that we are there, and sends those away whose key or session has ended.
    private func attend() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.beatPace)
            broadcast.beat()
            var gone: Set<Authenticator.Credential> = []
            for credential in broadcast.credentials {
                if await !sources.isGood(credential) { gone.insert(credential) }
            }
            broadcast.end(gone)
        }
    }

    private func follow() async {
        var log = LogFollowing(floor: time.now)
        var epoch: UInt32?
        var known = Known()
        while !Task.isCancelled {
            var isBehind = false
            if let (number, floor) = broadcast.epoch() {
                if number != epoch { (epoch, log, known) = (number, LogFollowing(floor: floor), Known()) }
                do throws(LedgerError) {
                    isBehind = try await look(&log, &known)
                } catch {
                    // Whoever reads has written down why. The events go on where they stopped.
                    try? await Task.sleep(for: Self.pace)
                }
            } else {
                epoch = nil
            }
            if !isBehind { try? await Task.sleep(for: Self.pace) }
        }
    }

    /// What was found last time; nil before the first time, of which nobody is told: who comes asks for all of it.
    private struct Known {
        var budgets: [UUID: BudgetStanding]?
        var budgetsAt: SteadyInstant?
        /// Calls have ended since budgets were looked at.
        var hasSpent = false
        var alerts: [AlertNews]?
        var alertsAt: SteadyInstant?
        var providers: [ProviderNews]?
    }

    /// True when there is more to read at once.
    private func look(_ log: inout LogFollowing, _ known: inout Known) async throws(LedgerError) -> Bool {
        let moment = time.now
        let found = try await sources.tail.endedCalls(since: log.since, without: log.known, limit: Self.page)
        let calls = log.take(found, isAll: found.count < Self.page, at: moment)
        broadcast.publish(calls.map { .call($0) })
        if !calls.isEmpty { known.hasSpent = true }
        if found.count == Self.page { return true }
        broadcast.passed(moment)
        broadcast.publish(providers(&known))
        broadcast.publish(try await budgets(&known, at: moment))
        broadcast.publish(try await alerts(&known, at: moment))
        return false
    }

    private func isDue(_ last: SteadyInstant?, _ pace: Duration) -> Bool {
        last.map { SteadyInstant.now.since($0) >= pace } ?? true
    }

    private func providers(_ known: inout Known) -> [EventBroadcast.News] {
        let now = sources.providers()
        defer { known.providers = now }
        guard let before = known.providers else { return [] }
        return now.filter { !before.contains($0) }.map { .provider($0, at: time.now) }
    }

    private func budgets(
        _ known: inout Known,
        at moment: Timestamp
    ) async throws(LedgerError) -> [EventBroadcast.News] {
        let pace = known.hasSpent || known.budgets == nil ? Self.budgetPace.busy : Self.budgetPace.idle
        guard isDue(known.budgetsAt, pace) else { return [] }
        known.budgetsAt = .now
        known.hasSpent = false
        let standings = try await sources.budgets.budgets(teamID: nil, at: moment)
        defer {
            known.budgets = Dictionary(standings.map { ($0.budget.id, $0) }, uniquingKeysWith: { first, _ in first })
        }
        guard let before = known.budgets else { return [] }
        return standings.filter { before[$0.budget.id] != $0 }.map { .budget($0, at: moment) }
    }

    private func alerts(_ known: inout Known, at moment: Timestamp) async throws(LedgerError) -> [EventBroadcast.News] {
        guard let book = sources.alerts, isDue(known.alertsAt, Self.alertPace) else { return [] }
        known.alertsAt = .now
        let mutes = try await book.alertMutes(at: moment)
        let rules = sources.rules()
        let now = try await book.alertStates().filter { rules.contains($0.rule) }
            .map { AlertNews($0, mutes, at: moment) }
        defer { known.alerts = now }
        guard let before = known.alerts else { return [] }
        return now.filter { !before.contains($0) }.map { .alert($0, at: moment) }
    }
}
