package import EaselBase

extension AccountHealth {
    /// Shown while somebody else finds out: the claim's own time is an upper bound and no promise.
    package static let probeWait = Duration.seconds(2)

    /// How the account stands for a model.
    package func standing(of model: RemixModel, at now: SteadyInstant) -> ProviderStanding {
        let entry = models[model]
        let states = [account.state(at: now), entry?.breaker.state(at: now) ?? .closed]
        var away: (reason: String, left: Duration)?
        var probe: String?
        for state in states {
            switch state {
            case .closed: break
            case .open(let reason, let left):
                if away.map({ $0.left < left }) ?? true { away = (reason.text, left) }
            case .halfOpen(let reason, let wait):
                guard let wait else {
                    probe = "may be back: \(reason.text)"
                    continue
                }
                let left = min(wait, Self.probeWait)
                if away.map({ $0.left < left }) ?? true { away = ("is being tried: \(reason.text)", left) }
            }
        }
        if let away { return .unavailable(away.reason, retryAfter: away.left) }
        if let probe { return .probe(probe) }
        switch entry?.pace.state(at: now) ?? .closed {
        case .closed: return .ready
        case .open(let reason, _), .halfOpen(let reason, wait: .some): return .demoted("slow: \(reason.text)")
        case .halfOpen(let reason, wait: nil): return .probe("was slow: \(reason.text)")
        }
    }

    /// What the last attempts of that kind took; nil when nothing is known.
    package func quantiles(
        _ model: RemixModel,
        _ speed: RenderingSpeed,
        at now: SteadyInstant
    ) -> PaceHistory.Quantiles? {
        models[model]?.paces[speed]?.quantiles(at: now)
    }

    /// The share of attempts of the last five minutes that delivered, 0 to 1; nil with fewer than five.
    package func successRate(_ model: RemixModel, at now: SteadyInstant) -> Double? {
        models[model].flatMap { Self.rate($0.outcomes.counts(at: now)) }
    }

    static func rate(_ counts: OutcomeWindow.Counts) -> Double? {
        counts.all >= leastForRate ? Double(counts.all - counts.failed) / Double(counts.all) : nil
    }

    /// How one breaker stands, for people.
    package struct Report: Sendable, Hashable {
        package var breaker: Breaker.Phase
        package var state: ProviderState
        package var cause: TripReason.Cause?
        package var reason: String?
        package var retryAfter: Duration?
        /// Of the last five minutes.
        package var outcomes: OutcomeWindow.Counts
        package var isProbe: Bool

        /// Whether a request may be sent: not open, and not waiting for somebody else's probe.
        package var isUnavailable: Bool { state == .down || state == .coolingDown || state == .probing && !isProbe }

        /// 0 to 1; nil with fewer than five results.
        package var errorRate: Double? { AccountHealth.rate(outcomes).map { 1 - $0 } }
    }

    /// How the account stands for all models together: its own breaker where that is not closed, else the best of the
    /// models that were used in the last ten minutes.
    package func report(at now: SteadyInstant) -> Report {
        let used = models.filter { $0.value.usedAt.map { now.since($0) <= PaceHistory.memory } ?? false }.keys
        let reports = used.map { report(of: $0, at: now) }
        let outcomes = models.values.reduce(OutcomeWindow.Counts()) { $0 + $1.outcomes.counts(at: now) }
        var own = Self.report(account.state(at: now), pace: .closed, outcomes)
        if own.breaker == .closed, let best = reports.min(by: { Self.rank($0) < Self.rank($1) }) {
            own = best
            own.outcomes = outcomes
        }
        return own
    }

    /// How a model stands, without its account.
    package func report(of model: RemixModel, at now: SteadyInstant) -> Report {
        guard let entry = models[model] else { return Self.report(.closed, pace: .closed, OutcomeWindow.Counts()) }
        return Self.report(
            entry.breaker.state(at: now),
            pace: entry.pace.state(at: now),
            entry.outcomes.counts(at: now)
        )
    }

    /// How the account's own breaker stands.
    package func accountPhase(at now: SteadyInstant) -> Breaker.Phase { account.state(at: now).phase }

    /// The models of which anything is known.
    package var knownModels: [RemixModel] { RemixModel.allCases.filter { models[$0] != nil } }

    private static func rank(_ report: Report) -> (Int, Duration) {
        let step: Int =
            switch report.state {
            case .ok: 0
            case .slow: 1
            case .probing: 2
            case .coolingDown, .down: 3
            }
        return (step, report.retryAfter ?? .zero)
    }

    private static func report(
        _ state: Breaker.State,
        pace: Breaker.State,
        _ outcomes: OutcomeWindow.Counts
    ) -> Report {
        var report = Report(breaker: state.phase, state: .ok, outcomes: outcomes, isProbe: false)
        switch state {
        case .open(let reason, let left):
            report.state = reason.cause.isCooldown ? .coolingDown : .down
            report.cause = reason.cause
            report.reason = reason.text
            report.retryAfter = left
        case .halfOpen(let reason, let wait):
            report.state = .probing
            report.cause = reason.cause
            report.reason = reason.text
            report.retryAfter = wait.map { min($0, probeWait) }
            report.isProbe = wait == nil
        case .closed:
            guard pace != .closed else { break }
            report.state = .slow
            if case .open(let reason, _) = pace { report.reason = reason.text }
            if case .halfOpen(let reason, _) = pace { report.reason = reason.text }
        }
        return report
    }
}
