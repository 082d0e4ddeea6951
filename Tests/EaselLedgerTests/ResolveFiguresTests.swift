import EaselBase
import EaselCore
import Testing
import TestTools

@testable import EaselLedger

/// The figures that the ledger works out of the attempts of a call when something is found out late (M1, M6, M7).
@Suite struct ResolveFiguresTests {
    /// What three lost attempts turn out to be, and the call's figures then, in nanodollars.
    struct Row: Sendable {
        let ends: [(outcome: AttemptOutcome, cost: Int64?, basis: CostBasis)]
        let figures: (cost: Int64?, estimated: Int64?, basis: CostBasis, failover: Int64?)
        /// What stays reserved; nil for nothing. Each attempt's bound is 60 000 000.
        let held: Int64?

        init(
            _ ends: [(AttemptOutcome, Int64?, CostBasis)],
            _ figures: (cost: Int64?, estimated: Int64?, basis: CostBasis, failover: Int64?),
            held: Int64?
        ) {
            self.ends = ends
            self.figures = figures
            self.held = held
        }
    }

    // Ends; cost, estimated, basis, failover cost; what is held.
    private static let rows = [
        Row(
            [(.failed, 0, .provider), (.failed, 0, .priceBook), (.succeeded, 60, .provider)],
            (60, 0, .provider, 0),
            held: nil
        ),
        Row(
            [(.failed, 7, .provider), (.refused, 5, .priceBook), (.partial, 60, .provider)],
            (72, 5, .priceBook, 12),
            held: nil
        ),
        Row(
            [(.succeeded, 60, .priceBook), (.partial, 50, .priceBook), (.failed, 0, .provider)],
            (110, 110, .priceBook, 0),
            held: nil
        ),
        // One is still unknown: what is known is a figure, and what went to waste is not.
        Row(
            [(.unknown, nil, .unknown), (.failed, 0, .provider), (.succeeded, 60, .provider)],
            (60, 0, .unknown, nil),
            held: 60_000_000
        ),
        // Never $0 by ignorance.
        Row(
            [(.unknown, nil, .unknown), (.unknown, nil, .unknown), (.failed, 0, .priceBook)],
            (nil, nil, .unknown, nil),
            held: 120_000_000
        ),
        Row(
            [(.unknown, nil, .unknown), (.unknown, nil, .unknown), (.unknown, nil, .unknown)],
            (nil, nil, .unknown, nil),
            held: 180_000_000
        ),
        // Posted at its bound it holds nothing back, and its part is estimated.
        Row(
            [(.unknown, 60, .unknown), (.unknown, nil, .unknown), (.succeeded, 60, .provider)],
            (120, 60, .unknown, nil),
            held: 60_000_000
        ),
        Row(
            [(.unknown, 60, .unknown), (.unknown, 50, .unknown), (.failed, 0, .provider)],
            (110, 110, .unknown, 110),
            held: nil
        ),
        // A delivering attempt without a figure leaves what was wasted known.
        Row(
            [(.succeeded, nil, .unknown), (.failed, 8, .provider), (.failed, 0, .provider)],
            (8, 0, .unknown, 8),
            held: nil
        ),
        Row(
            [(.failed, 0, .provider), (.failed, 0, .priceBook), (.failed, 0, .provider)],
            (0, 0, .provider, 0),
            held: nil
        ),
    ]

    private static let figuresSQL = "SELECT cost_nusd, estimated_nusd, cost_basis, failover_cost_nusd FROM calls"

    @Test func `the figures are those of the attempts as they stand`() async throws {
        for (index, row) in Self.rows.enumerated() {
            try await withLedger { ledger, database in
                let scene = try await ResolveScene.lost(ledger)
                let ends = zip(scene.starts, row.ends).map { start, end in
                    Sample.end(
                        start,
                        outcome: end.outcome,
                        cost: end.cost.map { Money(nanodollars: $0) },
                        basis: end.basis,
                        images: 0
                    )
                }
                // One by one or all at once, in either order: the figures follow from the attempts alone.
                for part in index % 2 == 0 ? [ends] : ends.reversed().map({ [$0] }) {
                    try await ledger.resolve(scene.resolution(part))
                }
                let (cost, estimated, basis, failover) = row.figures
                #expect(
                    try await Database.query(database, Self.figuresSQL) == [
                        [.int(cost), .int(estimated), .text(basis.rawValue), .int(failover)]
                    ],
                    "row \(index)"
                )
                #expect(
                    try await Database.query(database, "SELECT reason, amount_nusd FROM reservations")
                        == (row.held.map { [[.text("unknown_attempt"), .int($0)]] } ?? []),
                    "row \(index)"
                )
                #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [], "row \(index)")
            }
        }
    }

    /// Two gateways find out different things of one call: the second waits for the first, and must see what it wrote.
    @Test func `two resolutions at once are both in the figures`() async throws {
        try await withLedger { ledger, database in
            let scene = try await ResolveScene.settled(ledger, bothUnknown: true)
            let first = Sample.end(scene.starts[0], cost: Money(nanodollars: 55_000_000))
            let second = Sample.end(scene.starts[1], cost: Money(nanodollars: 50_000_000))
            let other = try await Database.hold(
                database,
                ResolutionStatements.resolve(scene.resolution([first]), locks: []),
                commits: true
            )
            async let resolved: Void = ledger.resolve(scene.resolution([second]))
            let waits = try await eventually {
                try await Database.number(
                    database,
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                ) > 0
            }
            other.release()
            try await resolved
            #expect(waits)
            #expect(try await Database.query(database, "SELECT 1 FROM reservations") == [])
            let call = try #require(try await ledger.call(scene.admission.callID, teamID: nil))
            #expect(call.attempts.map(\.outcome) == [.succeeded, .succeeded, .succeeded])
            let findings = try await DatabaseVerify(ledger).findings(since: scene.since)
            #expect(call.cost == Money(nanodollars: 165_000_000) && call.costBasis == .provider)
            #expect(findings == [])
        }
    }
}
