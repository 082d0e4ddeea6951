package import EaselBase
package import EaselCore
import Foundation

/// Counts since the start: how calls and their attempts ended, how long they took, and what they cost.
///
/// Written on the way of every call, by all threads at once, and read when somebody scrapes: hence the parts (`Sharded`).
package final class CallMetrics: Sendable {
    package struct CallKey: Hashable, Sendable {
        package let status: CallStatus
        package let model: RemixModel
        /// The one that delivered or withheld images; nil where none did.
        package let provider: String?
    }

    package struct AttemptKey: Hashable, Sendable {
        package let provider: String
        package let model: RemixModel
        package let outcome: AttemptOutcome
    }

    /// What an attempt's time is spent on.
    package enum Phase: String, Hashable, Sendable, CaseIterable {
        /// Waiting for a slot at the provider, before anything is sent.
        case queue
        /// Name, connection and TLS; only where a connection was made.
        case connect
        case firstByte = "first_byte"
        case body
        /// Asking for a task that the provider has accepted, until it ends.
        case polling
        /// All but the queue.
        case total
    }

    package struct PhaseKey: Hashable, Sendable {
        package let provider: String
        package let phase: Phase
    }

    package struct FailoverKey: Hashable, Sendable {
        package let from: String
        package let to: String
    }

    /// What a team has spent.
    package struct TeamSums: Sendable, Equatable {
        /// Nil: nobody has said it yet.
        package var name: String?
        package var nanodollars: Int64 = 0
        package var images: Int64 = 0

        /// Nothing negative: a counter only rises.
        init(name: String? = nil, cost: Money = .zero, images: Int = 0) {
            self.name = name
            nanodollars = max(0, cost.nanodollars)
            self.images = Int64(max(0, images))
        }

        mutating func add(_ other: TeamSums) {
            name = other.name ?? name
            nanodollars = nanodollars.addingReportingOverflow(other.nanodollars).partialValue
            images = images.addingReportingOverflow(other.images).partialValue
        }
    }

    /// The counts of one moment.
    package struct Counts: Sendable {
        package var calls: [CallKey: Int] = [:]
        package var attempts: [AttemptKey: Int] = [:]
        package var durations: [CallStatus: Histogram] = [:]
        package var phases: [PhaseKey: Histogram] = [:]
        package var failovers: [FailoverKey: Int] = [:]
        package var teams: [Int64: TeamSums] = [:]
        /// Calls stopped by a hard budget, by the kind of its scope.
        package var refusals: [String: Int] = [:]
        package var hedgesWon = 0
        package var hedgesLost = 0
        /// Attempts for which the provider reported an implausible cost.
        package var unbelieved = 0

        mutating func add(_ other: Counts) {
            calls.merge(other.calls, uniquingKeysWith: +)
            attempts.merge(other.attempts, uniquingKeysWith: +)
            failovers.merge(other.failovers, uniquingKeysWith: +)
            refusals.merge(other.refusals, uniquingKeysWith: +)
            for (key, histogram) in other.durations { durations[key, default: Histogram()].add(histogram) }
            for (key, histogram) in other.phases { phases[key, default: Histogram()].add(histogram) }
            for (team, sums) in other.teams { teams[team, default: TeamSums()].add(sums) }
            hedgesWon += other.hedgesWon
            hedgesLost += other.hedgesLost
            unbelieved += other.unbelieved
        }
    }

    package let shadows = ShadowMetrics()
    private let state = Sharded { Counts() }

    package var counts: Counts { state.parts.reduce(into: Counts()) { $0.add($1) } }

    func count(_ end: AttemptEnd, _ model: RemixModel) {
        let key = AttemptKey(provider: end.start.provider, model: model, outcome: end.outcome)
        state.record { state in
            state.attempts[key, default: 0] += 1
            if end.extra[CostBelief.claimMark] != nil { state.unbelieved += 1 }
        }
    }

    /// The end of a call, as far as it is counted.
    struct Ended: Sendable {
        let status: CallStatus
        let model: RemixModel
        let provider: String?
        /// Where another provider than the first had to be asked.
        let failover: FailoverKey?
        let callID: UUID
        let traceID: TraceID?
        let teamID: Int64
        let team: String
        /// What is known of its cost by then.
        let cost: Money
        let images: Int
    }

    func count(_ ended: Ended, latency: Duration, at moment: Timestamp) {
        let key = CallKey(status: ended.status, model: ended.model, provider: ended.provider)
        state.record { state in
            state.calls[key, default: 0] += 1
            state.durations[ended.status, default: Histogram()]
                .note(latency, exemplar: (callID: ended.callID, traceID: ended.traceID, at: moment))
            if let failover = ended.failover { state.failovers[failover, default: 0] += 1 }
            state.teams[ended.teamID, default: TeamSums()]
                .add(TeamSums(name: ended.team, cost: ended.cost, images: ended.images))
        }
    }

    /// What became known after a call's end, beyond what was counted then: its cost, and images.
    func countLater(_ cost: Money, images: Int = 0, teamID: Int64) {
        guard cost > .zero || images > 0 else { return }
        state.record { $0.teams[teamID, default: TeamSums()].add(TeamSums(cost: cost, images: images)) }
    }

    /// How long an attempt took, by phase; phases that did not happen are nil.
    func count(
        _ phases: [(Phase, Duration?)],
        of provider: String,
        callID: UUID,
        traceID: TraceID?,
        at moment: Timestamp
    ) {
        state.record { state in
            for (phase, took) in phases {
                guard let took else { continue }
                state.phases[PhaseKey(provider: provider, phase: phase), default: Histogram()]
                    .note(took, exemplar: (callID: callID, traceID: traceID, at: moment))
            }
        }
    }

    /// A call stopped by a hard budget, by the kind of its scope.
    func countRefusal(by scope: String) {
        state.record { $0.refusals[scope, default: 0] += 1 }
    }

    /// A second provider that was asked while the first was late; `won`: the caller got its answer.
    func countHedge(won: Bool) {
        state.record { state in
            if won { state.hedgesWon += 1 } else { state.hedgesLost += 1 }
        }
    }
}
