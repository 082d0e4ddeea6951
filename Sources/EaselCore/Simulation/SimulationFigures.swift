package import EaselBase

/// The figures of some calls, as they happened or as they are projected. Where a projection is part of them, counts are
/// expected values and so need not be whole.
package struct SimulationFigures: Sendable, Hashable, Codable {
    package var calls: Int
    /// What is known of the costs.
    package var cost: Money
    /// Calls whose cost is not known, or only in part.
    package var unpriced: Int
    /// Images delivered.
    package var images: Double
    /// The mean over calls with a known latency; nil without any.
    package var latencyMs: Double?
    /// Delivered wholly or in part.
    package var succeeded: Double
    package var refused: Double
    package var failed: Double
    /// Calls of which cannot be told how they would end: the log knows nothing of the provider.
    package var unknown: Double
    /// Calls that no provider may be asked for.
    package var turnedAway: Int
    package var attempts: Double
    /// Calls for which another provider than the first has to be asked.
    package var failovers: Double
    /// Calls that lose a parameter: it is dropped or approximated.
    package var lossy: Int
    /// By parameter the calls that lose it.
    package var losses: [String: Int]
    /// By provider the calls that ask it first.
    package var firstChoices: [String: Int]

    /// Nil without an image.
    package var costPerImage: Money? {
        images > 0 ? Money(nanodollars: Int64(saturating: (Double(cost.nanodollars) / images).rounded())) : nil
    }

    private enum CodingKeys: String, CodingKey {
        case calls
        case cost = "cost_usd"
        case unpriced = "unpriced_calls"
        case images
        case latencyMs = "mean_latency_ms"
        case succeeded, refused, failed, unknown
        case turnedAway = "turned_away"
        case attempts, failovers
        case lossy = "lossy_calls"
        case losses
        case firstChoices = "first_choices"
    }
}

/// Adds figures up: what happened as whole numbers, so that it comes out exactly, and what is expected beside it.
struct SimulationTally: Sendable {
    private var calls = 0
    private var cost = Money.zero
    private var expectedNanodollars = 0.0
    private var unpriced = 0
    private var images = 0.0
    private var latencyMs = 0.0
    private var timed = 0
    private var succeeded = 0.0
    private var refused = 0.0
    private var failed = 0.0
    private var unknown = 0.0
    private var turnedAway = 0
    private var attempts = 0.0
    private var failovers = 0.0
    private var lossy = 0
    private var losses: [String: Int] = [:]
    private var firstChoices: [String: Int] = [:]

    /// A call as it happened. Sums of whole numbers are exact in a `Double` up to 2^53.
    mutating func add(_ outcome: LoggedCall.Outcome, first: String?) {
        count(first, outcome.losses)
        if let known = outcome.cost { cost += known } else { unpriced += 1 }
        images += Double(outcome.imagesDelivered)
        if let latency = outcome.latencyMs { time(Double(latency)) }
        switch outcome.status {
        case .succeeded, .partial: succeeded += 1
        case .refused: refused += 1
        case .failed, .inProgress: failed += 1
        }
        attempts += Double(outcome.attempts)
        if outcome.failover { failovers += 1 }
    }

    /// A call as it is expected under a plan with candidates.
    mutating func add(_ projection: SimulationProjection, first: Plan.Candidate) {
        count(first.provider, LoggedCall.losses(of: first.translation.entries))
        expectedNanodollars += projection.costNanodollars
        if projection.isUnpriced { unpriced += 1 }
        images += projection.images
        if let latency = projection.latencyMs { time(latency) }
        succeeded += projection.succeeded
        refused += projection.refused
        failed += projection.failed
        unknown += projection.unknown
        attempts += projection.attempts
        failovers += projection.failover
    }

    /// A call that no provider may be asked for.
    mutating func addTurnedAway() {
        calls += 1
        turnedAway += 1
    }

    private mutating func count(_ first: String?, _ lost: [String]) {
        calls += 1
        if let first { firstChoices[first, default: 0] += 1 }
        let names = Set(lost)
        if !names.isEmpty { lossy += 1 }
        for name in names { losses[name, default: 0] += 1 }
    }

    private mutating func time(_ milliseconds: Double) {
        latencyMs += milliseconds
        timed += 1
    }

    var figures: SimulationFigures {
        // A thousandth is enough, and keeps the noise of binary fractions out of the answer.
        func rounded(_ number: Double) -> Double { (number * 1000).rounded() / 1000 }
        return SimulationFigures(
            calls: calls,
            cost: cost + Money(nanodollars: Int64(expectedNanodollars.rounded())),
            unpriced: unpriced,
            images: rounded(images),
            latencyMs: timed > 0 ? rounded(latencyMs / Double(timed)) : nil,
            succeeded: rounded(succeeded),
            refused: rounded(refused),
            failed: rounded(failed),
            unknown: rounded(unknown),
            turnedAway: turnedAway,
            attempts: rounded(attempts),
            failovers: rounded(failovers),
            lossy: lossy,
            losses: losses,
            firstChoices: firstChoices
        )
    }
}
