package import EaselBase
package import EaselCore
package import Foundation

/// Sends one delivery; whoever implements it knows addresses and secrets.
package protocol AlertSender: Sendable {
    /// One try within ten seconds or so. Never throws: what went wrong is the outcome.
    func send(_ delivery: AlertDelivery) async -> DeliveryOutcome
}

/// Looks at figures by the rules, records what changes, and sees that word of it arrives. Any number may run; one works,
/// by a lease of its own (L4).
package final class AlertDaemon: Sendable {
    package static let leaseName = "alerts"

    package struct Pacing: Sendable {
        /// Between two rounds of deliveries.
        package var interval = Duration.seconds(1)
        /// How long the lease lasts after each round. A round sends for ten seconds at most.
        package var lease = Duration.seconds(30)
        /// Between two looks at the figures, and at those that want long queries.
        package var look = Duration.seconds(5)
        package var longLook = Duration.seconds(60)
        /// A delivery that was begun and of which nothing was heard is begun again.
        package var claim = Duration.seconds(90)
        /// After a failure.
        package var pause = Duration.seconds(2)
        /// How long events are kept.
        package var memory = Duration.seconds(90 * 86_400)

        package init() {}
    }

    /// Deliveries of one round.
    private static let batch = 20

    private let plan: AlertPlan
    private let store: any AlertStore
    private let inquiry: AlertInquiry
    private let reports: ScheduledReports
    private let sender: any AlertSender
    private let holder: UUID
    private let pacing: Pacing
    private let time: TimeSource
    private let log: Log

    package init(
        plan: AlertPlan,
        store: any AlertStore,
        ledger: any Ledger,
        sender: any AlertSender,
        holder: UUID,
        pacing: Pacing = Pacing(),
        time: TimeSource = .system,
        log: Log
    ) {
        self.plan = plan
        self.store = store
        inquiry = AlertInquiry(ledger: ledger, store: store)
        reports = ScheduledReports(ledger: ledger)
        self.sender = sender
        self.holder = holder
        self.pacing = pacing
        self.time = time
        self.log = log
    }

    /// When what was done last.
    private struct Clock {
        var looked: SteadyInstant?
        var lookedLong: SteadyInstant?
        var forgot: SteadyInstant?
    }

    /// Works until the task is cancelled; then another may have the lease at once.
    package func run() async {
        var lease: Lease?
        var clock = Clock()
        var isFailing = false
        while !Task.isCancelled {
            var pause = pacing.interval
            do throws(LedgerError) {
                let isNew = lease == nil
                lease = try await store.acquireLease(Self.leaseName, holder: holder, for: pacing.lease)
                if let lease {
                    if isNew { log.info("this process keeps the alerts", ["epoch": String(lease.epoch)]) }
                    if try await !round(lease, &clock) { pause = .zero }
                }
                if isFailing { log.info("the alerts go on", [:]) }
                isFailing = false
            } catch {
                if !isFailing { log.warning("the alerts stand still", ["error": String(describing: error)]) }
                isFailing = true
                pause = pacing.pause
            }
            try? await Task.sleep(for: pause)
        }
        guard let lease else { return }
        // The cancelled task cannot wait any more.
        await Task { try? await store.releaseLease(lease) }.value
    }

    /// One round; whether all was done that there is to do now.
    private func round(_ lease: Lease, _ clock: inout Clock) async throws(LedgerError) -> Bool {
        func isDue(_ last: SteadyInstant?, _ pause: Duration) -> Bool {
            last.map { SteadyInstant.now.since($0) >= pause } ?? true
        }
        if isDue(clock.looked, pacing.look) {
            let isLong = isDue(clock.lookedLong, pacing.longLook)
            clock.looked = .now
            if isLong { clock.lookedLong = .now }
            guard try await look(lease, isLong: isLong) else { return true }
        }
        if isDue(clock.forgot, .seconds(3600)) {
            clock.forgot = .now
            try await store.forgetAlerts(before: time.now - pacing.memory)
        }
        return try await send(lease)
    }

    // MARK: - Looking

    /// Asks every rule, and records what changed. False when the lease is another's.
    package func look(_ lease: Lease, isLong: Bool) async throws(LedgerError) -> Bool {
        let now = time.now
        let before = Dictionary(grouping: try await store.alertStates(), by: \.rule)
        let mutes = try await store.alertMutes(at: now)
        var states: [AlertState] = []
        var events: [(event: AlertEvent, destinations: [String])] = []
        for rule in plan.rules where isLong || !rule.kind.isLong {
            let findings: [AlertFinding]?
            do throws(LedgerError) {
                findings = try await inquiry.findings(rule, now: now)
            } catch {
                // A rule whose question is refused must not silence the others.
                guard case .rejected(let why) = error else { throw error }
                log.warning("a rule cannot be judged", ["rule": rule.name, "reason": why])
                continue
            }
            guard let findings else { continue }
            let known = Dictionary(
                (before[rule.name] ?? []).map { ($0.finding.subject, $0) },
                uniquingKeysWith: { first, _ in first }
            )
            let result = AlertComparison.compare(rule, before: known, findings: findings, now: now)
            states += result.states
            for change in result.changes {
                let isMuted = mutes.contains { $0.covers(rule.name, change.state.finding.subject, at: now) }
                let event = AlertMessage.event(change, rule: rule, isMuted: isMuted, now: now)
                log.warning("alert", ["event": event.type, "rule": rule.name, "subject": event.subject])
                events.append((event, isMuted ? [] : rule.destinations))
            }
        }
        if isLong {
            for schedule in plan.schedules {
                guard let key = reports.key(schedule, now: now), try await !store.hasEvent(onceKey: key) else {
                    continue
                }
                events.append((try await reports.event(schedule, now: now), schedule.destinations))
            }
        }
        guard !states.isEmpty || !events.isEmpty else { return true }
        return try await store.record(states: states, events: events, under: lease, for: pacing.lease)
    }

    // MARK: - Sending

    /// Sends what is due; whether there is nothing left that is due.
    private func send(_ lease: Lease) async throws(LedgerError) -> Bool {
        let now = time.now
        let deliveries = try await store.claimDeliveries(
            at: now,
            until: now + pacing.claim,
            limit: Self.batch,
            under: lease,
            for: pacing.lease
        )
        guard let deliveries, !deliveries.isEmpty else { return true }
        await withDiscardingTaskGroup { group in
            for delivery in deliveries { group.addTask { await self.send(delivery) } }
        }
        return deliveries.count < Self.batch
    }

    private func send(_ delivery: AlertDelivery) async {
        let isKnown = plan.destinations.contains { $0.name == delivery.destination }
        let outcome: DeliveryOutcome =
            isKnown
            ? await sender.send(delivery)
            : .failed(
                reason: "the configuration has no such destination any more",
                status: nil,
                retryAfter: nil,
                isFinal: true
            )
        var next: Timestamp?
        if case .failed(let reason, _, let retryAfter, let isFinal) = outcome {
            let pause =
                isFinal
                ? nil
                : DeliverySchedule.pause(
                    after: delivery.attempt,
                    retryAfter: retryAfter,
                    jitter: Double.random(in: 0...1)
                )
            next = pause.map { time.now + $0 }
            log.warning(
                next == nil ? "an alert could not be delivered and is kept" : "an alert could not be delivered yet",
                [
                    "destination": delivery.destination, "event": delivery.event.id.text,
                    "attempt": String(delivery.attempt), "reason": reason,
                ]
            )
        }
        do throws(LedgerError) {
            try await store.finish(delivery, outcome, at: time.now, nextAttemptAt: next)
        } catch {
            // It is sent again when its claim is over, with the same id.
            log.warning("the end of a delivery could not be recorded", ["error": String(describing: error)])
        }
    }
}

extension AlertRule.Kind {
    /// Whether it reads so much of the log that once a minute is often enough.
    fileprivate var isLong: Bool { self == .costAnomaly || self == .dataGap || self == .budgetForecast }
}
