import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

@Suite struct VerifyTests {
    /// A fault that is planted into a sound log, and the rule that must find it.
    struct Fault: CustomTestStringConvertible, Sendable {
        let check: DatabaseVerify.Check
        let sql: String
        var testDescription: String { "\(check.rawValue): \(sql)" }
    }

    static let faults = [
        Fault(check: .costIsSumOfAttempts, sql: "UPDATE calls SET cost_nusd = cost_nusd + 1"),
        Fault(check: .costIsSumOfAttempts, sql: "UPDATE calls SET cost_nusd = NULL"),
        Fault(check: .costIsSumOfAttempts, sql: "UPDATE attempts SET cost_nusd = NULL"),
        Fault(check: .settledWithoutPending, sql: "UPDATE attempts SET outcome = 'pending'"),
        Fault(
            check: .reservationHasReason,
            sql: """
                INSERT INTO reservations SELECT team_id, call_id, received_at, gateway_id, 1, 'in_progress',
                    received_at, received_at FROM calls
                """
        ),
        Fault(check: .reservationIsThere, sql: "UPDATE attempts SET outcome = 'unknown', cost_nusd = NULL"),
        Fault(check: .imagesDelivered, sql: "DELETE FROM images"),
        Fault(check: .imagesDelivered, sql: "UPDATE images SET withheld = true"),
        Fault(check: .nonNegative, sql: "UPDATE images SET cost_nusd = -1"),
        Fault(check: .nonNegative, sql: "UPDATE calls SET latency_ms = -1"),
        Fault(check: .ordinalsWithoutGaps, sql: "UPDATE attempts SET ordinal = 2"),
        Fault(check: .ordinalsWithoutGaps, sql: "UPDATE calls SET attempts = 2"),
        Fault(check: .partsHaveCall, sql: "DELETE FROM calls"),
    ]

    /// M1, M6: what a call costs by what is known of its attempts, in nanodollars. A nil is an attempt whose cost nobody
    /// knows; `call` is the figure that is right.
    struct Sum: CustomTestStringConvertible, Sendable {
        let attempts: [Int64?]
        let call: Int64?
        let wrong: [Int64?]
        var testDescription: String {
            "\(attempts.map { $0.map(String.init) ?? "nil" }) \(call.map(String.init) ?? "nil")"
        }
    }

    static let sums = [
        Sum(attempts: [60], call: 60, wrong: [nil, 0, 59]),
        Sum(attempts: [0], call: 0, wrong: [nil, 1]),
        Sum(attempts: [nil], call: nil, wrong: [0, 1]),
        Sum(attempts: [0, 60], call: 60, wrong: [nil, 0]),
        Sum(attempts: [0, 0], call: 0, wrong: [nil]),
        Sum(attempts: [0, nil], call: nil, wrong: [0]),
        Sum(attempts: [nil, nil], call: nil, wrong: [0]),
        Sum(attempts: [nil, 60], call: 60, wrong: [nil, 0]),
        Sum(attempts: [0, nil, 60], call: 60, wrong: [nil, 0]),
    ]

    @Test func `a call costs what is known of its attempts, and is never $0 by ignorance`() async throws {
        try await withLedger { ledger, database in
            for sum in Self.sums {
                try await Database.query(database, "TRUNCATE calls, attempts, images, reservations, call_payloads")
                let admission = Sample.admission()
                try await ledger.take(admission)
                let more = (1..<3).map {
                    Sample.start(
                        callID: admission.callID,
                        teamID: 1,
                        at: admission.receivedAt + .seconds(Int64($0)),
                        ordinal: $0 + 1
                    )
                }
                let starts = (admission.attempts + more).prefix(sum.attempts.count)
                try await ledger.startAttempts(Array(starts.dropFirst()), ended: [])
                let ends = zip(starts, sum.attempts).map { start, cost in
                    let money = cost.map { Money(nanodollars: $0) }
                    return Sample.end(
                        start,
                        outcome: cost == nil ? .unknown : cost == 0 ? .failed : .succeeded,
                        cost: money,
                        basis: cost == nil ? .unknown : .provider,
                        images: 0
                    )
                }
                let settlement = Sample.settlement(
                    admission,
                    attempts: ends,
                    images: [],
                    status: .failed,
                    provider: nil
                )
                #expect(settlement.cost?.nanodollars == sum.call, "\(sum.testDescription)")
                try await ledger.settle(settlement)
                let since = admission.receivedAt - .seconds(60)
                let sound = try await DatabaseVerify(ledger).findings(since: since)
                #expect(sound == [], "\(sum.testDescription)")
                for wrong in sum.wrong {
                    try await Database.query(database, "UPDATE calls SET cost_nusd = $1", [.int(wrong)])
                    let findings = try await DatabaseVerify(ledger).findings(since: since)
                    #expect(findings.map(\.check) == [.costIsSumOfAttempts], "\(sum.testDescription): \(wrong ?? -1)")
                }
            }
        }
    }

    @Test func `each planted fault is found by its rule, and a sound log has no findings`() async throws {
        try await withLedger { ledger, database in
            for fault in Self.faults {
                try await Database.query(database, "TRUNCATE calls, attempts, images, reservations, call_payloads")
                let admission = Sample.admission()
                try await ledger.take(admission)
                let verify = DatabaseVerify(ledger)
                let since = admission.receivedAt - .seconds(60)
                #expect(try await verify.findings(since: since) == [])
                try await ledger.settle(Sample.settlement(admission))
                #expect(try await verify.findings(since: since) == [])
                try await Database.query(database, fault.sql)
                let findings = try await verify.findings(since: since)
                #expect(findings.contains { $0.check == fault.check }, "\(fault.testDescription)")
                #expect(findings.allSatisfy { $0.callID == admission.callID })
            }
        }
    }
}
