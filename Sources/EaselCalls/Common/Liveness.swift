import EaselBase

/// Whether the other gateways know that this one is alive. A gateway silent for `silence` is considered dead, and its
/// calls are taken over.
final class Liveness: Sendable {
    /// A gateway without a sign of life for this long is considered dead.
    static let silence = Duration.seconds(30)
    /// After its deadline a call, or a shadow, has this long to be settled before its reservation is looked into.
    static let leaseSlack = Duration.seconds(600)
    /// After this long without a confirmed sign of life nothing new is started: before others take the calls over.
    static let patience = Duration.seconds(20)

    private struct State {
        var confirmedAt: SteadyInstant?
        /// Since when the signs have come without a gap.
        var steadySince: SteadyInstant?
    }

    private let state = Locked(State())

    /// A sign of life was recorded.
    func confirm(now: SteadyInstant = .now) {
        state.withLock { state in
            if state.confirmedAt.map({ now.since($0) > Self.patience }) ?? true { state.steadySince = now }
            state.confirmedAt = now
        }
    }

    /// True before the first sign too: a gateway that has just started is not taken over.
    var isKnown: Bool {
        state.withLock { $0.confirmedAt.map { SteadyInstant.now.since($0) < Self.patience } ?? true }
    }

    /// Whether the signs have come for long enough that a gateway without one is really silent: after a database outage
    /// all of them are late.
    func mayJudgeOthers(now: SteadyInstant = .now) -> Bool {
        state.withLock { $0.steadySince.map { now.since($0) >= Self.silence } ?? false }
    }
}
