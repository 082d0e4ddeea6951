import EaselBase
import EaselCore
import TestKit

@testable import EaselLedger

/// A call with a failed, an unknown and a delivering attempt, as its gateway settled it.
struct ResolveScene {
    static let cents = Money(nanodollars: 60_000_000)

    let admission: Admission
    let starts: [AttemptStart]
    let settlement: Settlement
    var since: Timestamp { admission.receivedAt - .seconds(60) }

    func unknown(_ index: Int, cost: Money? = nil) -> AttemptEnd {
        Sample.end(starts[index], outcome: .unknown, cost: cost, basis: .unknown, images: 0)
    }

    func resolution(_ ends: [AttemptEnd]) -> LateResolution {
        LateResolution(
            key: admission.key,
            resolvedAt: Sample.now,
            ends: ends
        )
    }

    /// Admits a call of three attempts and settles it with the first unknown, and the second too where asked for.
    static func settled(_ ledger: PostgresLedger, bothUnknown: Bool = false) async throws -> ResolveScene {
        let (admission, starts) = try await started(ledger)
        let ends = [
            Sample.end(starts[0], outcome: .unknown, cost: nil, basis: .unknown, images: 0),
            bothUnknown
                ? Sample.end(starts[1], outcome: .unknown, cost: nil, basis: .unknown, images: 0)
                : Sample.end(starts[1], outcome: .failed, cost: .zero, images: 0),
            Sample.end(starts[2]),
        ]
        let settlement = Sample.settlement(
            admission,
            attempts: ends,
            images: [Sample.image(admission, attempt: starts[2])],
            provider: "ideogram",
            failover: true
        )
        try await ledger.settle(settlement)
        return ResolveScene(admission: admission, starts: starts, settlement: settlement)
    }

    /// Settles a call of three attempts of which nothing is known.
    static func lost(_ ledger: PostgresLedger) async throws -> ResolveScene {
        let (admission, starts) = try await started(ledger)
        let settlement = Sample.settlement(
            admission,
            attempts: starts.map { Sample.end($0, outcome: .unknown, cost: nil, basis: .unknown, images: 0) },
            images: [],
            status: .failed,
            provider: nil,
            failover: true
        )
        try await ledger.settle(settlement)
        return ResolveScene(admission: admission, starts: starts, settlement: settlement)
    }

    private static func started(_ ledger: PostgresLedger) async throws -> (Admission, [AttemptStart]) {
        _ = try await ledger.createTeam(name: "first", at: Sample.now)
        let admission = Sample.admission(at: Sample.now - .seconds(600))
        try await ledger.take(admission)
        let more = (1..<3).map {
            Sample.start(
                callID: admission.callID,
                teamID: 1,
                at: admission.receivedAt + .seconds(Int64($0)),
                ordinal: $0 + 1,
                provider: $0 == 1 ? "other" : "ideogram"
            )
        }
        try await ledger.startAttempts(more, ended: [])
        return (admission, admission.attempts + more)
    }
}
