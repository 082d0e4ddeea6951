import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// Alerts as PostgreSQL keeps them: fenced, once each, nothing lost.
struct AlertStoreTests {
    private let length = Duration.seconds(30)

    private func with(_ body: (PostgresLedger, String) async throws -> Void) async throws {
        let connectionString = try await PostgresFixture.database()
        let ledger = try await PostgresLedger.connect(
            connectionString: connectionString,
            log: .silent,
            options: PostgresFixture.smallOptions
        )
        do {
            try await body(ledger, connectionString)
            await ledger.close()
        } catch {
            await ledger.close()
            throw error
        }
    }

    private func lease(_ ledger: PostgresLedger, for length: Duration = .seconds(30)) async throws -> Lease {
        try #require(try await ledger.acquireLease("alerts", holder: UUID(), for: length))
    }

    private func event(_ subject: String, key: String? = nil, at moment: Timestamp = Sample.now) -> AlertEvent {
        AlertEvent(
            id: UUIDv7.mint(at: moment),
            type: "alert.fired",
            at: moment,
            rule: "budgets",
            subject: subject,
            severity: .warning,
            title: "[warning] budgets: \(subject)",
            text: "A sentence.",
            data: ["subject": .string(subject), "share": .number(0.1)],
            onceKey: key
        )
    }

    private func state(_ subject: String, level: Int, at moment: Timestamp = Sample.now) -> AlertState {
        AlertState(
            rule: "budgets",
            finding: AlertFinding(
                subject: subject,
                instance: "2026-11",
                level: level,
                severity: .critical,
                value: "\(level)%",
                summary: "A sentence.",
                details: ["level": .count(level)]
            ),
            since: moment,
            calmSince: level == 0 ? moment : nil,
            updatedAt: moment
        )
    }

    @Test func `states come back as they were written, the last one of each subject`() async throws {
        try await with { ledger, _ in
            let held = try await lease(ledger)
            let states = [state("team:a", level: 80), state("team:b", level: 0)]
            #expect(try await ledger.record(states: states, events: [], under: held, for: length))
            #expect(try await ledger.alertStates() == states)
            let next = state("team:a", level: 100)
            #expect(try await ledger.record(states: [next], events: [], under: held, for: length))
            #expect(try await ledger.alertStates() == [next, states[1]])
        }
    }

    @Test func `who has lost the lease writes and takes nothing`() async throws {
        try await with { ledger, _ in
            let stale = try await lease(ledger, for: .milliseconds(200))
            try await Task.sleep(for: .milliseconds(500))
            let next = try await lease(ledger)
            let events = [(event: event("team:a"), destinations: ["ops"])]
            let isStaleHeard = try await ledger.record(
                states: [state("team:a", level: 80)],
                events: events,
                under: stale,
                for: length
            )
            #expect(!isStaleHeard)
            #expect(try await ledger.alertStates().isEmpty)
            #expect(try await ledger.record(states: [], events: events, under: next, for: length))
            let now = Sample.now + .seconds(1)
            #expect(
                try await ledger.claimDeliveries(
                    at: now,
                    until: now + .seconds(60),
                    limit: 10,
                    under: stale,
                    for: length
                ) == nil
            )
            let taken = try await ledger.claimDeliveries(
                at: now,
                until: now + .seconds(60),
                limit: 10,
                under: next,
                for: length
            )
            #expect(taken?.map(\.destination) == ["ops"])
        }
    }

    @Test func `an event with a key is recorded once, and told to each destination`() async throws {
        try await with { ledger, connectionString in
            let held = try await lease(ledger)
            for _ in 0..<3 {
                let report = event("usage", key: "report weekly 2026-11-23")
                #expect(
                    try await ledger.record(
                        states: [],
                        events: [(report, ["ops", "mail"])],
                        under: held,
                        for: length
                    )
                )
            }
            #expect(try await ledger.hasEvent(onceKey: "report weekly 2026-11-23"))
            #expect(try await !ledger.hasEvent(onceKey: "report weekly 2026-11-30"))
            let events = try await ledger.alertEvents(AlertEventQuery(limit: 10))
            #expect(events.count == 1 && events[0].deliveries.map(\.destination) == ["mail", "ops"])
            #expect(try await Database.number(connectionString, "SELECT count(*) FROM alert_deliveries") == 2)
        }
    }

    @Test func `a delivery is taken, tried again, given up, kept and sent again by hand`() async throws {
        try await with { ledger, _ in
            let held = try await lease(ledger)
            let sent = event("team:a")
            #expect(try await ledger.record(states: [], events: [(sent, ["ops"])], under: held, for: length))
            var now = Sample.now + .seconds(1)
            func take() async throws -> [AlertDelivery] {
                try #require(
                    try await ledger.claimDeliveries(
                        at: now,
                        until: now + .seconds(90),
                        limit: 10,
                        under: held,
                        for: length
                    )
                )
            }
            let first = try await take()
            #expect(first.map(\.attempt) == [1] && first.map(\.event.data) == [sent.data])
            #expect(first[0].event.id == sent.id && first[0].event.text == sent.text)
            #expect(try await take().isEmpty, "it is somebody's until the claim is over")
            // Whoever took it was killed: it is due again, under another number, and what the first one says is late.
            now = now + .seconds(91)
            let second = try await take()
            #expect(second.map(\.attempt) == [2])
            try await ledger.finish(first[0], .delivered(status: 200), at: now, nextAttemptAt: nil)
            let failure = DeliveryOutcome.failed(
                reason: "the receiver answered 500",
                status: 500,
                retryAfter: nil,
                isFinal: false
            )
            try await ledger.finish(second[0], failure, at: now, nextAttemptAt: now + .seconds(30))
            var shown = try await ledger.alertEvents(AlertEventQuery(limit: 10))[0].deliveries[0]
            #expect(shown.status == .pending && shown.attempts == 2 && shown.httpStatus == 500)
            #expect(shown.lastError == "the receiver answered 500" && shown.nextAttemptAt == now + .seconds(30))
            now = now + .seconds(31)
            let third = try await take()
            try await ledger.finish(third[0], failure, at: now, nextAttemptAt: nil)
            var dead = AlertEventQuery(limit: 10)
            dead.hasDeadLetter = true
            shown = try #require(try await ledger.alertEvents(dead).first?.deliveries.first)
            #expect(shown.status == .dead && shown.attempts == 3 && shown.endedAt == now)
            #expect(try await take().isEmpty)
            #expect(try await ledger.replay(events: [UUID()], at: now) == 0)
            #expect(try await ledger.replay(events: [sent.id], at: now) == 1)
            let again = try await take()
            #expect(again.map(\.attempt) == [1] && again.map(\.event.id) == [sent.id])
            try await ledger.finish(again[0], .delivered(status: 204), at: now, nextAttemptAt: nil)
            #expect(try await ledger.alertEvents(dead).isEmpty)
            #expect(try await ledger.replay(events: nil, at: now) == 0)
        }
    }

    @Test func `mutes end, and what is old is forgotten`() async throws {
        try await with { ledger, connectionString in
            let now = Sample.now
            func mute(_ subject: String?, for length: Duration) -> AlertMute {
                AlertMute(
                    id: UUIDv7.mint(at: now),
                    rule: "budgets",
                    subject: subject,
                    until: now + length,
                    createdAt: now
                )
            }
            let (all, one) = (mute(nil, for: .seconds(60)), mute("team:a", for: .seconds(600)))
            try await ledger.add(all)
            try await ledger.add(one)
            #expect(try await ledger.alertMutes(at: now) == [all, one])
            #expect(try await ledger.alertMutes(at: now + .seconds(60)) == [one])
            #expect(all.covers("budgets", "team:b", at: now) && !one.covers("budgets", "team:b", at: now))
            #expect(try await ledger.removeMute(one.id))
            #expect(try await !ledger.removeMute(one.id))

            let held = try await lease(ledger)
            let old = now - .seconds(100 * 86_400)
            let events = [(event("old", at: old), ["ops"]), (event("new"), ["ops"])]
            #expect(
                try await ledger.record(
                    states: [state("x", level: 0, at: old)],
                    events: events,
                    under: held,
                    for: length
                )
            )
            try await ledger.forgetAlerts(before: now - .seconds(90 * 86_400))
            #expect(try await ledger.alertEvents(AlertEventQuery(limit: 10)).map(\.event.subject) == ["new"])
            #expect(try await ledger.alertStates().isEmpty)
            #expect(try await Database.number(connectionString, "SELECT count(*) FROM alert_deliveries") == 1)
        }
    }

    @Test func `gateways tell how they stand, and charges beyond a bound are found`() async throws {
        try await with { ledger, connectionString in
            let now = Sample.now
            let sign = GatewaySign(
                providers: [.init(name: "runware", state: .coolingDown, cause: .creditExhausted, reason: "no credit")],
                journalPending: 3
            )
            try await ledger.heartbeat(gatewayID: UUID(), sign: sign, at: now)
            let silent = UUID()
            try await ledger.heartbeat(gatewayID: silent, sign: GatewaySign(journalPending: 7), at: now)
            try await Database.query(
                connectionString,
                "UPDATE gateways SET signed_at = now() - interval '1 minute' WHERE gateway_id = $1",
                [.uuid(silent)]
            )
            #expect(try await ledger.gatewaySigns(within: .seconds(20)) == [sign])
            #expect(try await ledger.gatewaySigns(within: .seconds(600)).count == 2)

            for cost in [60_000_000, 90_000_000] as [Int64] {
                let admission = Sample.admission(at: now)
                try await ledger.take(admission)
                let end = Sample.end(admission.attempts[0], cost: Money(nanodollars: cost), basis: .provider)
                try await ledger.settle(Sample.settlement(admission, attempts: [end]))
            }
            let found = try await ledger.overcharges(since: now - .seconds(60), teamID: nil)
            #expect(found.map(\.provider) == ["runware"] && found.map(\.attempts) == [1])
            #expect(found.first?.excess == Money(nanodollars: 30_000_000))
            #expect(try await ledger.overcharges(since: now - .seconds(60), teamID: 99).isEmpty)
            // A later price above what was reserved is nobody's charge, and neither is a bound.
            for basis in [CostBasis.priceBook, .unknown] {
                try await Database.query(
                    connectionString,
                    "UPDATE attempts SET cost_nusd = 990000000, cost_basis = $1 WHERE cost_nusd = 60000000 OR cost_nusd = 990000000",
                    [.text(basis.rawValue)]
                )
                let again = try await ledger.overcharges(since: now - .seconds(60), teamID: nil)
                #expect(again.map(\.excess) == [Money(nanodollars: 30_000_000)], "\(basis)")
            }
            // What was claimed and not believed is told by itself.
            let admission = Sample.admission(at: now)
            try await ledger.take(admission)
            let claim: [String: JSONValue] = [CostBelief.claimMark: "999999999.99"]
            let end = Sample.end(admission.attempts[0], basis: .unknown, extra: claim)
            try await ledger.settle(Sample.settlement(admission, attempts: [end]))
            let all = try await ledger.overcharges(since: now - .seconds(60), teamID: nil)
            #expect(all.map(\.isClaim) == [false, true] && all.last?.attempts == 1)
            #expect(all.last?.excess == Money(usd: "999999999.99") && all.last?.callID == admission.callID)
        }
    }
}
