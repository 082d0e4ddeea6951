import EaselBase
import EaselCore
import EaselLedger
import Foundation
import Testing

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
        Fault(check: .reservationIsThere, sql: "UPDATE attempts SET outcome = 'unknown'"),
        Fault(check: .imagesDelivered, sql: "DELETE FROM images"),
        Fault(check: .imagesDelivered, sql: "UPDATE images SET withheld = true"),
        Fault(check: .nonNegative, sql: "UPDATE images SET cost_nusd = -1"),
        Fault(check: .nonNegative, sql: "UPDATE calls SET latency_ms = -1"),
        Fault(check: .ordinalsWithoutGaps, sql: "UPDATE attempts SET ordinal = 2"),
        Fault(check: .ordinalsWithoutGaps, sql: "UPDATE calls SET attempts = 2"),
        Fault(check: .partsHaveCall, sql: "DELETE FROM calls"),
    ]

    @Test func `each planted fault is found by its rule, and a sound log has no findings`() async throws {
        try await withLedger { ledger, database in
            for fault in Self.faults {
                try await Database.query(database, "TRUNCATE calls, attempts, images, reservations, call_payloads")
                let admission = Sample.admission()
                try await ledger.admit(admission)
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
