import EaselBase
import EaselCore
import EaselLedger
import Foundation
import TestKit

@testable import EaselLedger

/// Shadows of calls with everything filled in, for tests to alter.
enum ShadowScene {
    static let price = Money(nanodollars: 60_000_000)

    /// The shadow of an admitted call. `budget` is in prices of an image.
    static func start(
        _ admission: Admission,
        provider: String = "ideogram",
        policy: String = "failover",
        asked: Int = 1,
        budget: Int = 100,
        gatewayID: UUID? = nil,
        lease: Duration = .seconds(900)
    ) -> ShadowStart {
        let startedAt = admission.receivedAt + .milliseconds(5)
        return ShadowStart(
            shadowID: UUIDv7.mint(at: startedAt),
            key: admission.key,
            startedAt: startedAt,
            policy: policy,
            model: admission.model,
            speed: .default,
            copyrightDetection: true,
            provider: provider,
            providerModel: "ideogram-v4",
            taskID: UUID(),
            providerTaskID: nil,
            imagesAsked: asked,
            pricePerImage: price,
            dailyBudget: price * budget,
            gatewayID: gatewayID ?? admission.gatewayID,
            leaseEndsAt: startedAt + lease
        )
    }

    static func end(
        _ start: ShadowStart,
        outcome: AttemptOutcome = .succeeded,
        cost: Money? = price,
        basis: CostBasis = .provider,
        errorCode: String? = nil,
        images: Int = 1,
        total: Duration? = .milliseconds(3000),
        flags change: (inout ImageFlags) -> Void = { _ in }
    ) -> ShadowEnd {
        var flags = ImageFlags()
        change(&flags)
        return ShadowEnd(
            start: start,
            end: AttemptEnd(
                start: start.attempt,
                outcome: outcome,
                reason: outcome == .succeeded ? "ok" : "timeout",
                errorCode: errorCode,
                httpStatus: 200,
                sent: true,
                charge: Cost(cost, basis),
                timings: PhaseTimings(firstByte: .milliseconds(20), total: total),
                endedAt: start.startedAt + .seconds(3),
                imagesReturned: images,
                providerTaskID: nil,
                providerRequestID: "req-9",
                extra: [:]
            ),
            flags: flags
        )
    }

    /// A call with its shadow under way.
    static func begin(_ ledger: PostgresLedger, at moment: Timestamp = Sample.now) async throws -> ShadowStart {
        let admission = Sample.admission(at: moment)
        try await ledger.take(admission)
        let start = start(admission)
        guard try await ledger.startShadow(start) else { throw LedgerError.rejected("no room") }
        return start
    }

    /// What the windows hold: posted and reserved, in nanodollars.
    static func windows(_ database: String) async throws -> [Int64] {
        let rows = try await Database.query(
            database,
            "SELECT posted_nusd, reserved_nusd FROM shadow_windows ORDER BY policy, window_start"
        )
        return rows.flatMap { row in row.map { if case .int(let value?) = $0 { value } else { -1 } } }
    }
}
