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
        Fault(check: .costIsSumOfAttempts, sql: "UPDATE calls SET estimated_nusd = estimated_nusd + 1"),
        Fault(check: .costIsSumOfAttempts, sql: "UPDATE attempts SET cost_basis = 'price_book'"),
        Fault(check: .costIsSumOfAttempts, sql: "UPDATE attempts SET cost_basis = 'odd'"),
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

    @Test func `stretches cover everything once, end with days, and hold no more than they may`() {
        let day = Duration.seconds(86_400)
        let start = UsageLevel.day.floor(Sample.now) - day * 40
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let since = start + .seconds(Int64.random(in: 0...86_400, using: &random))
            let days = (0..<Int.random(in: 0...40, using: &random)).map { index in
                (day: UsageLevel.day.floor(since) + day * Int64(index), calls: Int.random(in: 0...50, using: &random))
            }
            let most = Int.random(in: 1...200, using: &random)
            let stretches = VerifyStretch.cover(since: since, calls: days, most: most)
            #expect(stretches.first?.from == since && stretches.last?.to == VerifyStretch.end)
            for (left, right) in zip(stretches, stretches.dropFirst()) {
                #expect(left.to == right.from && left.from < left.to && UsageLevel.day.floor(left.to) == left.to)
            }
            for stretch in stretches {
                let inside = days.filter { $0.day >= UsageLevel.day.floor(stretch.from) && $0.day < stretch.to }
                let sum = inside.reduce(0) { $0 + $1.calls }
                #expect(sum <= most || inside.count { $0.calls > 0 } <= 1, "\(sum) of \(most)")
            }
        }
    }

    @Test func `a log that is looked at piece by piece gives what it gives as a whole`() async throws {
        try await withLedger { ledger, database in
            #expect(try await ledger.createTeam(name: "design", at: Sample.now).id == 1)
            var calls: [Admission] = []
            for day in 0..<6 {
                let admission = Sample.admission(
                    at: UsageLevel.day.floor(Sample.now) - .seconds(Int64(day) * 86_400 + 5)
                )
                calls.append(admission)
                try await ledger.take(admission)
                // A late end: the attempt and the image lie in another day than their call.
                if day % 2 == 0 { try await ledger.settle(Sample.settlement(admission, settledAfter: .seconds(30))) }
            }
            let lease = try #require(try await ledger.acquireLease("rollups", holder: UUID(), for: .seconds(30)))
            try await ledger.rollUpAll(lease)
            let verify = DatabaseVerify(ledger)
            let since = Timestamp(microseconds: 0)
            let steps = Locked<[DatabaseVerify.Progress]>([])
            #expect(
                try await verify.findings(since: since, stretch: 1) { step in steps.withLock { $0.append(step) } } == []
            )
            #expect(try await verify.findings(since: since) == [])
            let told = steps.withLock(\.self)
            #expect(Set(told.map(\.check)).count == DatabaseVerify.Check.allCases.count)
            #expect(told.map(\.done) == Array(0..<told.count) && told.allSatisfy { $0.steps == told.count })
            for (sql, check) in [
                (
                    "UPDATE calls SET cost_nusd = cost_nusd + 1 WHERE call_id = $1",
                    DatabaseVerify.Check.costIsSumOfAttempts
                ),
                ("UPDATE attempts SET ordinal = 7 WHERE call_id = $1", .ordinalsWithoutGaps),
                ("DELETE FROM images WHERE call_id = $1", .imagesDelivered),
                ("UPDATE usage_minute SET calls = calls + 1 WHERE bucket = date_trunc('minute', $1)", .rollupsAddUp),
            ] {
                let target = calls[2]
                let isMinute = sql.contains("$1)")
                try await Database.query(
                    database,
                    sql,
                    [isMinute ? .time(target.receivedAt) : .uuid(target.callID)]
                )
                let whole = try await verify.findings(since: since)
                let pieces = try await verify.findings(since: since, stretch: 1)
                #expect(Set(whole) == Set(pieces) && whole.contains { $0.check == check }, "\(sql)")
            }
        }
    }

    @Test func `budgets in odd time zones and of every period add up, and a wrong one is found`() async throws {
        try await withLedger { ledger, database in
            let scene = try await BudgetScene(ledger)
            let key = UUID()
            var budgets: [UUID] = []
            for (scope, period, zone) in [
                (BudgetScope.org, BudgetPeriod.day, "Asia/Kathmandu"), (.org, .week, "America/Havana"),
                (.team("design"), .month, "Asia/Beirut"), (.team("design"), .total, "UTC"),
                (.project(team: "design", name: "spring"), .day, "Australia/Lord_Howe"),
                (.project(team: "design", name: "autumn"), .week, "Pacific/Chatham"),
            ] {
                budgets.append(
                    try await scene.budget(
                        .money(Money(nanodollars: 100_000_000_000)),
                        scope: scope,
                        period: period,
                        timezone: zone
                    ).budget.id
                )
            }
            for index in 0..<40 {
                let at = Sample.now - .seconds(Int64(index) * 7211)
                let admission = scene.admission(project: ["spring", "autumn", nil][index % 3], keyID: key, at: at)
                guard try await ledger.admit(admission) == .admitted else { continue }
                if index % 4 > 0 { try await scene.settle(admission, at: at + .seconds(5)) }
            }
            try await scene.verify()
            for id in budgets {
                for column in ["posted_nusd", "posted_images", "reserved_nusd", "reserved_images"] {
                    func add(_ amount: Int) async throws {
                        try await Database.query(
                            database,
                            "UPDATE budget_windows SET \(column) = \(column) + \(amount) WHERE budget_id = $1",
                            [.uuid(id)]
                        )
                    }
                    try await add(1)
                    let found = try await DatabaseVerify(ledger).findings(since: Timestamp(microseconds: 0))
                    #expect(Set(found.map(\.callID)) == [id] && !found.isEmpty, "\(column)")
                    try await add(-1)
                }
            }
            try await scene.verify()
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
