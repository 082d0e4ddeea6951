import EaselBase

/// Decides, after each event of a call, what to do next. A pure state machine: it sends nothing, does not sleep and
/// reads no clock; the driver carries out its decisions.
///
/// One budget of rounds and one deadline for the whole call, no nested retries (R6). A round asks one provider once,
/// with several requests if it cannot make the count in one.
package struct AttemptMachine: Sendable {
    /// The result of one request in a round.
    package struct RequestResult: Sendable, Hashable {
        /// Images that the caller gets.
        package var delivered: Int
        /// Images that the provider made but withholds on content grounds: used up, never requested again (R2).
        package var withheld: Int
        package var failure: ProviderFailure?

        package init(delivered: Int, withheld: Int = 0, failure: ProviderFailure? = nil) {
            self.delivered = delivered
            self.withheld = withheld
            self.failure = failure
        }
    }

    /// What the driver has to do.
    package enum Action: Sendable, Hashable {
        /// Ask a candidate with one request for each count. `duplicateRisk`: an earlier attempt may have been charged
        /// for the same images (R4).
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
            /// No provider was asked, because none may be asked now.
            case unavailable
            case deadlineExceeded = "deadline_exceeded"
            case clientGone = "client_closed_request"
        }

        package var status: CallStatus
        package var cause: Cause
        /// If every provider asked us to wait, or is closed by its breaker: for how long.
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
        /// Never again in this call: the request would fail the same way, or may already have been charged.
        var isOut = false
        var failures = 0
        var retryAfter: Duration?
        /// Since the start of the call: not to be asked before this, according to the provider or its breaker.
        var notBefore: Duration?
        /// How often it was not asked.
        var skips = 0
    }

    /// How often a call waits for a candidate that it was not allowed to ask.
    package static let mostSkips = 2

    private let plan: Plan
    private var standings: [Standing]
    private var position = -1
    private var rounds = 0
    private var remaining: Int
    private var delivered = 0
    private var withheld = 0
    private var refused = false
    private var duplicateRisk = false
    /// Whether the losing side of a race may have been charged.
    private var isLostUnknown = false
    private var clientGone = false
    /// Whether any round was sent.
    private var wasAsked = false
    private var lastRound: [RequestResult] = []
    private var pendingSend: Int?

    package init(plan: Plan) {
        precondition(!plan.candidates.isEmpty, "a plan without candidates is rejected before it gets here")
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
        wasAsked = true
        standings[position].notBefore = nil
        let unclear = results.indices.filter { results[$0].failure?.wantsRecovery == true }
        if !unclear.isEmpty { return .recover(requests: unclear) }
        return conclude(elapsed: elapsed)
    }

    /// The results of asking about the unclear requests: for each position its new result, or the old one if there was
    /// no answer.
    package mutating func recovered(_ results: [Int: RequestResult], elapsed: Duration) -> Action {
        for (index, result) in results { lastRound[index] = result }
        return conclude(elapsed: elapsed)
    }

    /// The candidate of the last `send` was not asked, because it may not be asked for `retryAfter` (R3). Nothing was
    /// sent or written, so it uses up no attempt (R6).
    package mutating func notAsked(retryAfter: Duration, elapsed: Duration) -> Action {
        rounds -= 1
        standings[position].skips += 1
        standings[position].retryAfter = max(retryAfter, standings[position].retryAfter ?? .zero)
        standings[position].notBefore = elapsed + retryAfter
        if clientGone { return finish(.clientGone) }
        guard elapsed < plan.deadline else { return finish(.deadlineExceeded) }
        return next(elapsed: elapsed)
    }

    /// A second candidate was asked while the first was late (a hedge): a round of its own (R6). `lost` is the one
    /// whose images the caller does not get, `results` its results, nil while it is still running; then call
    /// `roundEnded` for the other, with which the call continues.
    package mutating func hedged(lost: Int, _ results: [RequestResult]?, goingOnWith candidate: Int) {
        rounds += 1
        wasAsked = true
        duplicateRisk = true
        position = lost
        if let results {
            for failure in results.compactMap(\.failure) {
                note(failure)
                if failure.kind == .refused { refused = true }
                if failure.billing == .unknown { isLostUnknown = true }
            }
            standings[lost].failures += 1
        } else {
            // It is paid for; whatever its result, asking again would mean paying again.
            standings[lost].isOut = true
            isLostUnknown = true
        }
        position = candidate
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
        if unknown || isLostUnknown {
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
        // A second request to the same provider after an unknown outcome would be the surest way to pay twice (R4).
        if !failure.kind.isTransient || failure.billing == .unknown { standings[position].isOut = true }
    }

    private mutating func next(elapsed: Duration) -> Action {
        guard rounds < plan.attempts else { return finish(.providersFailed) }
        // First those not asked yet, then those that failed temporarily, in the plan's order from here on.
        let order = (1...standings.count).map { (position + $0) % standings.count }
        if let fresh = order.first(where: {
            !standings[$0].isOut && standings[$0].failures == 0 && standings[$0].skips == 0 && $0 != position
        }) {
            return send(to: fresh)
        }
        // No provider was asked and none may be: the caller is told at once, not kept waiting.
        guard wasAsked else { return finish(.unavailable) }
        let eligible = order.filter { !standings[$0].isOut && isWorthWaiting(for: $0, elapsed: elapsed) }
        guard
            let again = eligible.min(by: {
                pause(before: $0, elapsed: elapsed) < pause(before: $1, elapsed: elapsed)
            })
        else {
            return finish(refused ? .refused : .providersFailed)
        }
        let wait = pause(before: again, elapsed: elapsed)
        guard elapsed + wait < plan.deadline else { return finish(.providersFailed) }
        guard wait > .zero else { return send(to: again) }
        pendingSend = again
        return .wait(wait)
    }

    /// Fewer images than requested without a failure can be requested again at once; after a failure there is a pause,
    /// and Retry-After is honoured (R6).
    private func pause(before candidate: Int, elapsed: Duration) -> Duration {
        let standing = standings[candidate]
        if let notBefore = standing.notBefore { return max(notBefore - elapsed, .zero) }
        guard standing.failures > 0 else { return .zero }
        let doublings = min(standing.failures - 1, 10)
        let backoff = min(Self.firstBackoff * (1 << doublings), Self.longestBackoff)
        return max(backoff, standing.retryAfter ?? .zero)
    }

    /// A candidate that the call was not allowed to ask is waited for a few times, never longer than after a failure of
    /// its own.
    private func isWorthWaiting(for candidate: Int, elapsed: Duration) -> Bool {
        guard let notBefore = standings[candidate].notBefore else { return true }
        return standings[candidate].skips <= Self.mostSkips && notBefore - elapsed <= Self.longestBackoff
    }

    private mutating func send(to candidate: Int) -> Action {
        position = candidate
        rounds += 1
        let counts = Self.split(remaining, plan.candidates[candidate].translation.imagesPerRequest)
        return .send(candidate: candidate, counts: counts, duplicateRisk: duplicateRisk)
    }

    /// How many images each request asks for, so that together they ask for `count` and none for more than `most`.
    package static func split(_ count: Int, _ most: Int) -> [Int] {
        let most = max(1, most)
        return Array(repeating: most, count: count / most) + (count % most > 0 ? [count % most] : [])
    }

    private func finish(_ cause: Verdict.Cause) -> Action {
        let status = CallStatus(requested: plan.count, delivered: delivered, isRefused: withheld > 0 || refused)
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
