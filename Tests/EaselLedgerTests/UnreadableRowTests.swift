import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// One row that this version does not know stops nobody else's.
@Suite struct UnreadableRowTests {
    private func orphans(_ ledger: PostgresLedger, limit: Int = 100) async throws -> [UUID] {
        try await ledger.orphans(of: [], silentSince: Sample.now + .seconds(3600), after: nil, limit: limit).map(
            \.callID
        )
    }

    @Test func `a call of an unknown model is set aside and named, and the others are recovered`() async throws {
        try await withLedger { ledger, database in
            var calls: [Admission] = []
            for index in 0..<4 {
                calls.append(Sample.admission(at: Sample.now - .seconds(Int64(100 - index))))
                try await ledger.take(calls[index])
            }
            func change(_ index: Int, _ assignment: String, in table: String = "calls") async throws {
                try await Database.query(
                    database,
                    "UPDATE \(table) SET \(assignment) WHERE call_id = $1",
                    [.uuid(calls[index].callID)]
                )
            }
            try await change(0, "model = 'ideogram-9'")
            try await change(1, "outcome = 'teleported'", in: "attempts")
            #expect(try await orphans(ledger) == [calls[2].callID, calls[3].callID])
            let unreadable = ledger.unreadableRows
            #expect(Set(unreadable.map(\.id)) == Set(calls.prefix(2).map(\.callID.text)))
            #expect(unreadable.contains { $0.reason.contains("ideogram-9") })
            #expect(unreadable.contains { $0.reason.contains("teleported") })
            #expect(try await ledger.lookThrough(at: Sample.now).map(\.id) == unreadable.map(\.id))
            // They never fill the page: with room for one, the next look finds what stands behind them.
            var found: [UUID] = []
            for _ in 0..<3 where found.isEmpty { found = try await orphans(ledger, limit: 1) }
            #expect(found == [calls[2].callID])
            // What is mended is no more among them.
            try await change(0, "model = 'ideogram-4.0'")
            try await change(1, "outcome = 'pending'", in: "attempts")
            #expect(try await orphans(ledger) == calls.map(\.callID))
            #expect(ledger.unreadableRows == [])
        }
    }

    @Test func `settled calls with an unknown attempt, and shadows, go on beside one that cannot be read`() async throws
    {
        try await withLedger { ledger, database in
            var calls: [Admission] = []
            for index in 0..<3 {
                let admission = Sample.admission(at: Sample.now - .seconds(Int64(100 - index)))
                calls.append(admission)
                try await ledger.take(admission)
                let end = Sample.end(admission.attempts[0], outcome: .unknown, cost: nil, basis: .unknown, images: 0)
                try await ledger.settle(
                    Sample.settlement(admission, attempts: [end], images: [], status: .failed, provider: nil)
                )
            }
            try await Database.query(
                database,
                "UPDATE calls SET model = 'ideogram-9' WHERE call_id = $1",
                [.uuid(calls[1].callID)]
            )
            let found = try await ledger.unknownAttempts(since: Sample.now - .seconds(3600), limit: 10)
            #expect(found.map(\.callID) == [calls[0].callID, calls[2].callID])
            #expect(ledger.unreadableRows.map(\.id) == [calls[1].callID.text])
        }
    }

    @Test func `lists are filled up behind what cannot be read`() async throws {
        try await withLedger { ledger, database in
            #expect(try await ledger.createTeam(name: "design", at: Sample.now).id == 1)
            var calls: [Admission] = []
            for index in 0..<6 {
                let admission = Sample.admission(at: Sample.now - .seconds(Int64(100 - index)))
                calls.append(admission)
                try await ledger.take(admission)
                let end = Sample.end(admission.attempts[0], cost: Money(nanodollars: 60_000_000), basis: .priceBook)
                try await ledger.settle(Sample.settlement(admission, attempts: [end]))
            }
            for index in [4, 3] {
                try await Database.query(
                    database,
                    "UPDATE calls SET model = 'ideogram-9' WHERE call_id = $1",
                    [.uuid(calls[index].callID)]
                )
            }
            let readable = [5, 2, 1, 0].map { calls[$0].callID }
            var query = CallQuery(teamID: nil)
            query.limit = 2
            var seen: [UUID] = []
            while true {
                let page = try await ledger.calls(query)
                seen += page.map(\.callID)
                guard page.count == query.limit, let last = page.last else { break }
                query.cursor = last.callID
            }
            #expect(seen == readable)
            let estimates = try await ledger.estimates(since: Sample.now - .seconds(3600), after: nil, limit: 4)
            #expect(estimates.count == 4, "a page that is not full would end the recomputation")
            #expect(Set(ledger.unreadableRows.map(\.reader)) == ["the list of calls", "past estimates"])
        }
    }

    @Test func `alerts go on beside a sign and a state that this version does not know`() async throws {
        try await withLedger { ledger, database in
            let sign = GatewaySign(journalPending: 3)
            try await ledger.heartbeat(gatewayID: UUID(), sign: sign, at: Sample.now)
            let other = UUID()
            try await ledger.heartbeat(gatewayID: other, sign: sign, at: Sample.now)
            try await Database.query(
                database,
                "UPDATE gateways SET sign = '{\"providers\": [{\"name\": \"x\", \"state\": \"melted\"}]}' WHERE gateway_id = $1",
                [.uuid(other)]
            )
            #expect(try await ledger.gatewaySigns(within: .seconds(600)) == [sign])
            #expect(ledger.unreadableRows.map(\.id) == [other.text])
        }
    }

    @Test func `a budget whose thresholds cannot be read still stops spending`() async throws {
        try await withLedger { ledger, database in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(BudgetScene.price)).budget.id
            try await Database.query(database, "UPDATE budgets SET warn_at = '{\"a\": 1}'")
            try await scene.refresh()
            #expect(try await scene.standing(id).budget.warnAt == BudgetWish.defaultWarnings)
            #expect(try await ledger.admit(scene.admission()) == .admitted)
            #expect(try await ledger.admit(scene.admission()).isRefused)
        }
    }
}
