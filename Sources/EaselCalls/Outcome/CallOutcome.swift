import EaselBase
import EaselCore

/// The outcome of a call: how it ended, which provider delivered, whether it failed over and what that cost. Pure, and
/// the only place where this is decided, both for the end that the gateway sees and for the one that recovery finds.
struct CallOutcome: Equatable {
    /// The part of an attempt that counts for its call.
    struct Part: Equatable {
        let ordinal: Int
        let provider: String
        let race: RaceSide?
        let outcome: AttemptOutcome
        let reason: String?
        let errorCode: String?
        let charge: Cost
        /// Images that the caller gets, and those that the provider withholds.
        let delivered: Int
        let withheld: Int

        /// Whether the call got nothing for its cost.
        fileprivate var gaveNothing: Bool {
            if delivered > 0 { return false }
            // Outside a race, images that were made belong to the call, even if they could not be kept.
            return race != nil || (outcome != .succeeded && outcome != .partial)
        }

        fileprivate var isRefused: Bool { withheld > 0 || outcome == .refused || reason == "refused" }

        /// Whether it was known to have failed while the call was under way. One that was late, or whose gateway
        /// stopped, was not.
        fileprivate var hasFailed: Bool {
            switch outcome {
            case .pending, .succeeded: false
            case .failed, .refused, .partial: reason != "ok" && reason != "withheld"
            case .unknown: errorCode.map { !Self.ofLateness.contains($0) } ?? true
            }
        }

        private static let ofLateness: Set<String> = [
            AttemptEnd.hedgeLost, AttemptEnd.interrupted, AttemptEnd.postedAtBound,
        ]
    }

    let status: CallStatus
    /// The provider that delivered or withheld images; nil if none did.
    let provider: String?
    let delivered: Int
    let failover: Bool
    let figures: Accounting.CallFigures

    /// `parts` are all attempts of the call.
    init(requested: Int, parts: [Part]) {
        let parts = parts.sorted { $0.ordinal < $1.ordinal }
        delivered = parts.reduce(0) { $0 + $1.delivered }
        status = CallStatus(requested: requested, delivered: delivered, isRefused: parts.contains(where: \.isRefused))
        provider = (parts.last { $0.delivered > 0 } ?? parts.last { $0.withheld > 0 })?.provider
        failover = Self.failover(parts)
        figures = Accounting.figures(of: parts.map { ($0.charge, !$0.gaveNothing) })
    }

    /// Whether a provider other than the first had to be asked. The second side of a race does not count unless the
    /// first side failed: it was only late.
    private static func failover(_ parts: [Part]) -> Bool {
        guard let first = parts.first?.provider else { return false }
        let firstFailed = parts.contains { $0.provider == first && $0.hasFailed }
        return parts.contains { $0.provider != first && ($0.race == nil || firstFailed) }
    }
}

extension CallOutcome.Part {
    /// An attempt whose end has just been found.
    init(_ end: AttemptEnd, delivered: Int, withheld: Int) {
        self.init(
            ordinal: end.start.ordinal,
            provider: end.start.provider,
            race: end.start.race,
            outcome: end.outcome,
            reason: end.reason,
            errorCode: end.errorCode,
            charge: end.charge,
            delivered: delivered,
            withheld: withheld
        )
    }

    /// An attempt as it is in the log, without an image of the call.
    init(_ attempt: OrphanedAttempt) {
        self.init(
            ordinal: attempt.start.ordinal,
            provider: attempt.start.provider,
            race: attempt.start.race,
            outcome: attempt.outcome,
            reason: attempt.reason,
            errorCode: attempt.errorCode,
            charge: Cost(attempt.charge),
            delivered: 0,
            withheld: 0
        )
    }
}
