package import EaselBase
package import EaselCore
package import Foundation

/// Sends one delivery; whoever implements it knows addresses and secrets.
package protocol AlertSender: Sendable {
    /// One try within ten seconds or so. Never throws: what went wrong is the outcome.
    func send(_ delivery: AlertDelivery) async -> DeliveryOutcome
}

/// Looks at figures by the rules, records what changes, and sees that word of it arrives. Any number may run; one works,
/// by leases of its own (L4): one for looking and one for sending, so that a receiver that hangs keeps nobody from looking.
package final class AlertDaemon: Sendable {
    package static let lookingLease = "alerts"
    package static let sendingLease = "alert_deliveries"

    package struct Pacing: Sendable {
        /// Between two rounds.
        package var interval = Duration.seconds(1)
        /// How long a lease lasts after it was last kept, which is four times in that time however long a question to the
        /// log takes: another takes over that long after this one was last heard of.
        package var lease = Duration.seconds(5)
        /// Between two looks at the figures, and at those that want long queries.
        package var look = Duration.seconds(5)
        package var longLook = Duration.seconds(60)
        /// A delivery that was begun and of which nothing was heard is begun again. A batch of mails to a server that
        /// hangs takes less.
        package var claim = Duration.seconds(120)
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
    /// Rules and reports of which it was said that they cannot be made.
    private let faulty = Locked<Set<String>>([])

    package init(
        plan: AlertPlan,
        store: any AlertStore,
        ledger: any FigureLog & BudgetLedger & People,
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

    /// Works until the task is cancelled; then another may have the leases at once.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                var clock = Clock()
                await self.loop(Self.lookingLease).run { lease throws(LedgerError) in
                    try await self.look(lease, &clock)
                    return .done(hasMore: false, isKept: false)
                }
            }
            group.addTask {
                await self.loop(Self.sendingLease).run { lease throws(LedgerError) in
                    .done(hasMore: try await !self.send(lease), isKept: false)
                }
            }
        }
    }

    /// A round may ask the log for long, or wait for receivers that hang: the lease is kept beside it.
    private func loop(_ name: String) -> LeaseLoop {
        LeaseLoop(
            store: store,
            name: name,
            holder: holder,
            pacing: LeaseTerm.Pacing(length: pacing.lease, interval: pacing.interval, pause: pacing.pause),
            keepsBesideRounds: true
        ) { [log] news, error in
            switch news {
            case .taken(let lease):
                log.info("this process keeps a lease", ["name": name, "epoch": String(lease.epoch)])
            case .lost(let lease):
                log.warning("another process keeps a lease now", ["name": name, "epoch": String(lease.epoch)])
            case .failing:
                log.warning(
                    "the alerts are not running",
                    ["part": name, "error": error.map { sentence(for: $0) } ?? ""]
                )
            case .runningAgain: log.info("the alerts are running again", ["part": name])
            }
        }
    }

    // MARK: - Looking

    /// When what was done last.
    private struct Clock {
        var looked: SteadyInstant?
        var lookedLong: SteadyInstant?
        var forgot: SteadyInstant?

        /// Whether that long has gone by since, or it was never done; it counts as done now then.
        static func isDue(_ last: inout SteadyInstant?, _ pause: Duration) -> Bool {
            guard last.map({ SteadyInstant.now.since($0) >= pause }) ?? true else { return false }
            last = .now
            return true
        }
    }

    private func look(_ lease: Lease, _ clock: inout Clock) async throws(LedgerError) {
        if Clock.isDue(&clock.looked, pacing.look) {
            let isLong = Clock.isDue(&clock.lookedLong, pacing.longLook)
            try await judge(lease, isLong: isLong)
            if isLong { try await report(lease) }
        }
        if Clock.isDue(&clock.forgot, .seconds(3600)) {
            try await store.forgetAlerts(before: time.now - pacing.memory)
        }
    }

    /// Asks every rule, and records what changed, each for itself: a question that takes too long must not silence the
    /// others.
    private func judge(_ lease: Lease, isLong: Bool) async throws(LedgerError) {
        let now = time.now
        let before = Dictionary(grouping: try await store.alertStates(), by: \.rule)
        let mutes = try await store.alertMutes(at: now)
        for rule in plan.rules where isLong || !rule.kind.watch.isLong {
            guard try await keeps(lease) else { return }
            let answer = await attempt(rule.name) { () async throws(LedgerError) in
                try await self.inquiry.findings(rule, now: now)
            }
            guard let answer, let findings = answer else { continue }
            let known = Dictionary(
                (before[rule.name] ?? []).map { ($0.finding.subject, $0) },
                uniquingKeysWith: { first, _ in first }
            )
            let result = AlertComparison.compare(rule, before: known, findings: findings, now: now)
            guard !result.states.isEmpty else { continue }
            let (states, events) = tell(result, rule, known, mutes, now)
            guard try await store.record(states: states, events: events, under: lease, for: pacing.lease) else {
                return
            }
            for (event, _) in events {
                log.warning("alert", ["event": event.type, "rule": rule.name, "subject": event.subject])
            }
        }
    }

    /// Who is told of what. The end of what nobody was told of is told to nobody.
    private func tell(
        _ result: (states: [AlertState], changes: [AlertChange]),
        _ rule: AlertRule,
        _ known: [String: AlertState],
        _ mutes: [AlertMute],
        _ now: Timestamp
    ) -> (states: [AlertState], events: [(event: AlertEvent, destinations: [String])]) {
        var told: [String: Bool] = [:]
        var events: [(event: AlertEvent, destinations: [String])] = []
        for change in result.changes {
            let subject = change.state.finding.subject
            let isSecret = change.kind == .resolved && known[subject]?.isTold == false
            let isMuted = isSecret || mutes.contains { $0.covers(rule.name, subject, at: now) }
            told[subject] = !isMuted
            let event = AlertMessage.event(change, rule: rule, isMuted: isMuted, now: now)
            events.append((event, isMuted ? [] : rule.destinations))
        }
        let states = result.states.map { state in
            var state = state
            state.isTold = told[state.finding.subject] ?? known[state.finding.subject]?.isTold ?? true
            return state
        }
        return (states, events)
    }

    /// Makes the reports whose time has come.
    private func report(_ lease: Lease) async throws(LedgerError) {
        let now = time.now
        for schedule in plan.schedules {
            guard let key = reports.key(schedule, now: now), try await !store.hasEvent(onceKey: key),
                try await keeps(lease)
            else { continue }
            let made = await attempt(schedule.name) { () async throws(LedgerError) in
                try await self.reports.event(schedule, now: now)
            }
            guard let event = made else { continue }
            let events = [(event: event, destinations: schedule.destinations)]
            guard try await store.record(states: [], events: events, under: lease, for: pacing.lease) else { return }
        }
    }

    /// Whether the lease is still this one's; it lasts anew from now.
    private func keeps(_ lease: Lease) async throws(LedgerError) -> Bool {
        try await store.acquireLease(lease.name, holder: holder, for: pacing.lease) == lease
    }

    /// What comes of a question; nil when it cannot be answered now, which is said once.
    private func attempt<Answer>(
        _ name: String,
        _ body: () async throws(LedgerError) -> Answer
    ) async -> Answer? {
        do throws(LedgerError) {
            let answer = try await body()
            if faulty.withLock({ $0.remove(name) }) != nil {
                log.info("a rule or report works again", ["name": name])
            }
            return answer
        } catch {
            if faulty.withLock({ $0.insert(name).inserted }) {
                log.warning("a rule or report does not work", ["name": name, "error": sentence(for: error)])
            }
            return nil
        }
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
                reason: "the configuration no longer has this destination",
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
            log.warning("the end of a delivery could not be recorded", ["error": sentence(for: error)])
        }
    }
}
