import EaselBase

/// Whether the other gateways know that this one lives. One that was silent for `silence` is taken for dead, and its calls
/// are taken over.
final class Liveness: Sendable {
    /// A gateway that has not given a sign of life for this long is taken for dead.
    static let silence = Duration.seconds(30)
    /// After its deadline a call, or a shadow, has this long to be settled before its reservation is looked into.
    static let leaseSlack = Duration.seconds(600)
    /// After so long without a confirmed sign of life nothing further is begun: before others take the calls over.
    static let patience = Duration.seconds(20)

    private struct State {
        var confirmedAt: SteadyInstant?
        /// Since when the signs have come without a gap.
        var steadySince: SteadyInstant?
    }

    private let state = Locked(State())

    /// A sign of life is on record.
    func confirm(now: SteadyInstant = .now) {
        state.withLock { state in
            if state.confirmedAt.map({ now.since($0) > Self.patience }) ?? true { state.steadySince = now }
            state.confirmedAt = now
        }
    }

    /// True before the first sign too: a gateway that has just begun is nobody's to take over.
    var isKnown: Bool {
        state.withLock { $0.confirmedAt.map { SteadyInstant.now.since($0) < Self.patience } ?? true }
    }

    /// Whether the signs have come for long enough that a gateway without one is really silent: after the database was away
    /// all of them are late.
    func mayJudgeOthers(now: SteadyInstant = .now) -> Bool {
        state.withLock { $0.steadySince.map { now.since($0) >= Self.silence } ?? false }
    }
}
