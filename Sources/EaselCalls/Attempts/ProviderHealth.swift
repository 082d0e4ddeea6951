package import EaselBase
package import EaselCore

/// What this gateway has learnt of its providers: which may be asked, how often they deliver, how long they take.
///
/// A lock around the pure `AccountHealth` of each account. Gateways learn each for itself (docs/decisions/0017).
package final class ProviderHealth: Sendable {
    /// One kind of task: what makes attempts comparable in time.
    struct Kind: Hashable, Sendable {
        let provider: String
        let model: RemixModel
        let speed: RenderingSpeed
    }

    /// Permission to send the requests of one round. Return it with `release` when the round ends.
    struct Permit: Sendable, Hashable {
        let provider: String
        fileprivate let inner: AccountHealth.Permit

        var isProbe: Bool { inner.isProbe }
    }

    /// What a plan needs to know of one kind of task, read in one go.
    struct View: Sendable {
        let standing: ProviderStanding
        let pace: PaceHistory.Quantiles?
        /// The share that delivered lately, 0 to 1; nil with too few results.
        let success: Double?
    }

    /// The longest that an attempt takes from its claim to its end beyond its provider's own limit: the admission before
    /// it and the search for its answer after it.
    static let probeSlack = Duration.seconds(30)
    static let usualTimeout = Duration.seconds(120)

    package struct Opening: Hashable, Sendable {
        package let provider: String
        package let cause: TripReason.Cause
    }

    private struct State {
        var accounts: [String: AccountHealth] = [:]
        var lastOutcome: [String: (outcome: AttemptOutcome, at: Timestamp)] = [:]
        var openings: [Opening: Int] = [:]
    }

    /// When questions about tasks may be asked again.
    let questions = QuestionPace()
    private let state: Locked<State>
    private let seed: String
    private let log: Log

    /// `timeouts` is the time limit of one attempt at each provider; `seed` is specific to this gateway.
    init(timeouts: [String: Duration] = [:], seed: String = "", log: Log = .silent) {
        self.seed = seed
        self.log = log
        var state = State()
        for (name, timeout) in timeouts { state.accounts[name] = Self.account(name, seed: seed, timeout: timeout) }
        self.state = Locked(state)
    }

    /// Changes the providers. Nothing is known about those in `renewed`, whose key or address changed, neither good nor
    /// bad; the others keep what was learned.
    func adopt(timeouts: [String: Duration], renewed: Set<String>) {
        state.withLock { state in
            for (name, timeout) in timeouts where renewed.contains(name) || state.accounts[name] == nil {
                state.accounts[name] = Self.account(name, seed: seed, timeout: timeout)
            }
        }
    }

    private static func account(_ name: String, seed: String, timeout: Duration) -> AccountHealth {
        AccountHealth(name: "\(seed)/\(name)", probeExpiry: timeout + probeSlack)
    }

    private func with<Result>(_ provider: String, _ body: (inout AccountHealth) -> Result) -> Result {
        state.withLock { state in
            body(
                &state.accounts[
                    provider,
                    default: Self.account(provider, seed: seed, timeout: Self.usualTimeout)
                ]
            )
        }
    }

    private func read<Result>(_ provider: String, _ body: (AccountHealth) -> Result?) -> Result? {
        state.withLock { state in state.accounts[provider].flatMap(body) }
    }

    // MARK: - Planning

    func view(_ kind: Kind, now: SteadyInstant = .now) -> View {
        read(kind.provider) { account in
            View(
                standing: account.standing(of: kind.model, at: now),
                pace: account.quantiles(kind.model, kind.speed, at: now),
                success: account.successRate(kind.model, at: now)
            )
        } ?? View(standing: .ready, pace: nil, success: nil)
    }

    func standing(of provider: String, model: RemixModel, now: SteadyInstant = .now) -> ProviderStanding {
        read(provider) { $0.standing(of: model, at: now) } ?? .ready
    }

    /// When the first poll of an accepted task is worthwhile; nil before anything is known.
    func earlyDuration(_ kind: Kind, now: SteadyInstant = .now) -> Duration? {
        read(kind.provider) { $0.quantiles(kind.model, kind.speed, at: now)?.p20 }
    }

    // MARK: - Asking

    /// Permission to send the requests of one round for `model`; nil if the breaker does not allow it. If it is
    /// half-open this takes the one probe. Return every permit with `release`.
    func claim(_ provider: String, _ model: RemixModel, now: SteadyInstant = .now) -> Permit? {
        with(provider) { $0.claim(model, at: now) }.map { Permit(provider: provider, inner: $0) }
    }

    /// The round is over or never began. A probe without a result is free for the next call.
    func release(_ permit: Permit) {
        with(permit.provider) { $0.release(permit.inner) }
    }

    /// Whether a request that has waited since it got its permit may still be sent.
    func allows(_ permit: Permit) -> Bool {
        read(permit.provider) { $0.allows(permit.inner) } ?? true
    }

    // MARK: - Learning

    /// Records the end of one attempt: once for each row, when its end is known for this call, including recovery.
    /// `learnt` is what the pace learns instead of `took`, if that is closer to the truth.
    func record(
        _ kind: Kind,
        _ failure: ProviderFailure?,
        took: Duration?,
        learnt: Duration? = nil,
        _ permit: Permit,
        now: SteadyInstant = .now
    ) {
        let signal = HealthSignal(failure, took: took)
        let changes = with(kind.provider) {
            $0.record(signal, speed: kind.speed, learnt: learnt, permit.inner, at: now)
        }
        for change in changes { note(change, of: kind.provider) }
    }

    /// Teaches the pace from the log, oldest first.
    func prime(_ kind: Kind, _ durations: [Duration], now: SteadyInstant = .now) {
        with(kind.provider) { $0.prime(kind.model, kind.speed, durations, at: now) }
    }

    /// How far back, and how many calls, are read from the log at start.
    static let primingSpan = Duration.seconds(24 * 3600)
    static let primingCalls = 2000

    /// Starts with what the log knows. Without the ledger it starts with nothing.
    func prime(from ledger: any RecoveryLedger, now: Timestamp) async {
        do throws(LedgerError) {
            let since = Timestamp(microseconds: now.microseconds - Self.primingSpan.microseconds)
            for recent in try await ledger.recentDurations(since: since, limit: Self.primingCalls) {
                prime(Kind(provider: recent.provider, model: recent.model, speed: recent.speed), recent.durations)
            }
        } catch {
            log.info("attempt times are being learned again", ["error": sentence(for: error)])
        }
    }

    func note(_ outcome: AttemptOutcome, of provider: String, at moment: Timestamp) {
        state.withLock { $0.lastOutcome[provider] = (outcome, moment) }
    }

    private func note(_ change: AccountHealth.Change, of provider: String) {
        let model = change.model?.rawValue ?? "all"
        switch change.change {
        case .opened(let reason, for: let pause):
            let opening = Opening(provider: provider, cause: reason.cause)
            state.withLock { $0.openings[opening, default: 0] += 1 }
            let values: KeyValuePairs = [
                "provider": provider, "model": model, "cause": reason.cause.rawValue, "reason": reason.text,
                "pause_ms": String(pause.milliseconds),
            ]
            // The account has to be topped up: more than a warning, once each time it is discovered.
            if reason.cause == .creditExhausted {
                log.error("a provider account is out of credit", values)
            } else {
                log.warning("a provider is no longer asked", values)
            }
        case .closed(let reason):
            log.info("a provider is back", ["provider": provider, "model": model, "cause": reason.cause.rawValue])
        }
    }

    // MARK: - Reading

    package func lastOutcome(of provider: String) -> (outcome: AttemptOutcome, at: Timestamp)? {
        state.withLock { $0.lastOutcome[provider] }
    }

    /// Everything known about one account; nil before it was first asked.
    package func account(_ provider: String) -> AccountHealth? {
        state.withLock { $0.accounts[provider] }
    }

    /// How often breakers opened, by provider and cause.
    package var openings: [Opening: Int] { state.withLock(\.openings) }
}
