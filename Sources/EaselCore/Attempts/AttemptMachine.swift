import EaselBase

/// Decides, after everything that happens to a call, what is done next. A pure machine: it sends nothing, sleeps for
/// nothing and reads no clock; the driver in the gateway does what it says.
///
/// One budget of rounds and one deadline for the whole call, no nested retries (R6). A round is one provider asked once,
/// by several requests where it cannot take the count in one.
package struct AttemptMachine: Sendable {
    /// What a request of a round led to.
    package struct RequestResult: Sendable, Hashable {
        /// Pictures that the caller gets.
        package var delivered: Int
        /// Pictures that the provider made and keeps back on content grounds: used up, never asked for again (R2).
        package var withheld: Int
        package var failure: ProviderFailure?

        package init(delivered: Int, withheld: Int = 0, failure: ProviderFailure? = nil) {
            self.delivered = delivered
            self.withheld = withheld
            self.failure = failure
        }
    }

    /// What the driver is to do.
    package enum Action: Sendable, Hashable {
        /// Ask a candidate with one request for each count. `duplicateRisk`: an earlier attempt may have been charged
        /// for the same pictures (R4).
        case send(candidate: Int, counts: [Int], duplicateRisk: Bool)
        /// Ask the provider for the tasks at these positions of the round, then call `recovered`.
        case recover(requests: [Int])
        /// Wait, then call `waited`.
        case wait(Duration)
        case finish(Verdict)
    }

    /// How the call ends.
    package struct Verdict: Sendable, Hashable {
        package enum Cause: String, Sendable, Hashable {
            case complete
            case refused
            case providersFailed = "providers_failed"
            case deadlineExceeded = "deadline_exceeded"
            case clientGone = "client_closed_request"
        }

        package var status: CallStatus
        package var cause: Cause
        /// When every provider asked us to stay away: for how long.
        package var retryAfter: Duration?

        package init(status: CallStatus, cause: Cause, retryAfter: Duration?) {
            self.status = status
            self.cause = cause
            self.retryAfter = retryAfter
        }
    }

    /// The first wait before a provider is asked again; doubles each time.
    package static let firstBackoff = Duration.milliseconds(250)
    package static let longestBackoff = Duration.seconds(8)

    private struct Standing {
        /// Never again in this call: the request would fail the same way, or may have been charged already.
        var isOut = false
        var failures = 0
        var retryAfter: Duration?
    }

    private let plan: Plan
    private var standings: [Standing]
    private var position = -1
    private var rounds = 0
    private var remaining: Int
    private var delivered = 0
    private var withheld = 0
    private var refused = false
    private var duplicateRisk = false
    private var clientGone = false
    private var lastRound: [RequestResult] = []
    private var pendingSend: Int?

    package init(plan: Plan) {
        precondition(!plan.candidates.isEmpty, "a plan without candidates is refused before it gets here")
        self.plan = plan
        standings = Array(repeating: Standing(), count: plan.candidates.count)
        remaining = plan.count
    }

    /// The first thing to do.
    package mutating func start() -> Action {
        send(to: 0)
    }

    /// The client left: what is under way is finished and settled, nothing new is sent.
    package mutating func clientLeft() {
        clientGone = true
    }

    /// All requests of the round are back. `elapsed` is the time since the call began.
    package mutating func roundEnded(_ results: [RequestResult], elapsed: Duration) -> Action {
        lastRound = results
        let unclear = results.indices.filter { results[$0].failure?.wantsRecovery == true }
        if !unclear.isEmpty { return .recover(requests: unclear) }
        return conclude(elapsed: elapsed)
    }

    /// What asking for the unclear requests told: for each position its new result, or the old one where nothing was told.
    package mutating func recovered(_ results: [Int: RequestResult], elapsed: Duration) -> Action {
        for (index, result) in results { lastRound[index] = result }
        return conclude(elapsed: elapsed)
    }

    /// The wait is over.
    package mutating func waited(elapsed: Duration) -> Action {
        guard let candidate = pendingSend else { preconditionFailure("waited without a wait") }
        pendingSend = nil
        if clientGone { return finish(.clientGone) }
        guard elapsed < plan.deadline else { return finish(.deadlineExceeded) }
        return send(to: candidate)
    }

    // MARK: - Decisions

    private mutating func conclude(elapsed: Duration) -> Action {
        var unknown = false
        var failed = false
        for result in lastRound {
            delivered += result.delivered
            withheld += result.withheld
            remaining -= result.delivered + result.withheld
            guard let failure = result.failure else { continue }
            note(failure)
            failed = true
            if failure.kind == .refused { refused = true }
            if failure.billing == .unknown { unknown = true }
        }
        // Requests of one round that fail together are one failure of the provider, or its pause would grow with the count.
        if failed { standings[position].failures += 1 }
        if remaining <= 0 { return finish(.complete) }
        if refused, plan.onRefusal == .stop { return finish(.refused) }
        if unknown {
            duplicateRisk = true
            if plan.onUnknown == .recover { return finish(.providersFailed) }
        }
        if clientGone { return finish(.clientGone) }
        guard elapsed < plan.deadline else { return finish(.deadlineExceeded) }
        return next(elapsed: elapsed)
    }

    private mutating func note(_ failure: ProviderFailure) {
        if let pause = failure.retryAfter {
            standings[position].retryAfter = max(pause, standings[position].retryAfter ?? .zero)
        }
        // A second request to the same provider after an unknown end would be the surest way to pay twice (R4).
        if !failure.kind.isTransient || failure.billing == .unknown { standings[position].isOut = true }
    }

    private mutating func next(elapsed: Duration) -> Action {
        guard rounds < plan.attempts else { return finish(.providersFailed) }
        // First those not asked yet, then those that failed for the moment, in the plan's order from here on.
        let order = (1...standings.count).map { (position + $0) % standings.count }
        if let fresh = order.first(where: { !standings[$0].isOut && standings[$0].failures == 0 && $0 != position }) {
            return send(to: fresh)
        }
        let eligible = order.filter { !standings[$0].isOut }
        guard let again = eligible.min(by: { pause(before: $0) < pause(before: $1) }) else {
            return finish(refused ? .refused : .providersFailed)
        }
        let wait = pause(before: again)
        guard elapsed + wait < plan.deadline else { return finish(.providersFailed) }
        guard wait > .zero else { return send(to: again) }
        pendingSend = again
        return .wait(wait)
    }

    /// Fewer pictures than asked without a failure cost nothing to ask for again at once; a failure wants a pause, and
    /// Retry-After is honoured (R6).
    private func pause(before candidate: Int) -> Duration {
        let standing = standings[candidate]
        guard standing.failures > 0 else { return .zero }
        let doublings = min(standing.failures - 1, 10)
        let backoff = min(Self.firstBackoff * (1 << doublings), Self.longestBackoff)
        return max(backoff, standing.retryAfter ?? .zero)
    }

    private mutating func send(to candidate: Int) -> Action {
        position = candidate
        rounds += 1
        let most = max(1, plan.candidates[candidate].translation.imagesPerRequest)
        var counts = Array(repeating: most, count: remaining / most)
        if remaining % most > 0 { counts.append(remaining % most) }
        return .send(candidate: candidate, counts: counts, duplicateRisk: duplicateRisk)
    }

    private func finish(_ cause: Verdict.Cause) -> Action {
        let status: CallStatus
        if delivered > 0 {
            status = delivered >= plan.count ? .succeeded : .partial
        } else if withheld > 0 || refused {
            status = .refused
        } else {
            status = .failed
        }
        let pauses = standings.compactMap(\.retryAfter)
        return .finish(
            Verdict(
                status: status,
                cause: status == .refused && cause != .complete ? .refused : cause,
                retryAfter: delivered == 0 && pauses.count == standings.count ? pauses.min() : nil
            )
        )
    }
}
