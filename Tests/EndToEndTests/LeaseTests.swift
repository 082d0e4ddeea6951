import EaselBase
import EaselCore
import EaselLedger
import EaselReporting
import Foundation
import Testing
import TestKit
import TestTools

/// Who watches when the one who watched is gone.
@Suite struct LeaseTests {
    private struct Nobody: AlertSender {
        func send(_ delivery: AlertDelivery) async -> DeliveryOutcome { .delivered(status: 200) }
    }

    private func makeDaemon(_ ledger: PostgresLedger, lease: Duration, holder: UUID = UUID()) -> AlertDaemon {
        var pacing = AlertDaemon.Pacing()
        pacing.lease = lease
        pacing.interval = .milliseconds(100)
        return AlertDaemon(
            plan: AlertPlan(),
            store: ledger.forDaemons(),
            ledger: ledger.forDaemons(),
            sender: Nobody(),
            holder: holder,
            pacing: pacing,
            log: .silent
        )
    }

    @Test func `another takes over as soon as the guide says`() {
        #expect(AlertDaemon.Pacing().lease <= .seconds(5) && Reporter.Pacing().lease <= .seconds(5))
    }

    @Test func `a lease outlasts a question that takes longer than it`() async throws {
        let database = try await PostgresFixture.database()
        var options = PostgresFixture.smallOptions
        options.workers = 3
        let ledger = try await PostgresLedger.connect(connectionString: database, log: .silent, options: options)
        // The first thing that a round asks for, held up for longer than three leases.
        let blocker = try await PostgresLedger.connect(connectionString: database, log: .silent, options: options)
        let daemon = makeDaemon(ledger, lease: .seconds(1))
        let held = Task {
            _ = try? await Program.run(
                "psql",
                [
                    "-X", "-c", "BEGIN", "-c", "LOCK TABLE alert_states IN ACCESS EXCLUSIVE MODE", "-c",
                    "SELECT pg_sleep(5)", database,
                ]
            )
        }
        try await Task.sleep(for: .seconds(1))
        let work = Task { await daemon.run() }
        let isHeld = try await eventually {
            try await blocker.acquireLease(AlertDaemon.lookingLease, holder: UUID(), for: .milliseconds(1)) == nil
        }
        #expect(isHeld)
        let until = SteadyInstant.now + .seconds(3)
        while SteadyInstant.now < until {
            let stolen = try await blocker.acquireLease(AlertDaemon.lookingLease, holder: UUID(), for: .seconds(1))
            #expect(stolen == nil)
            try await Task.sleep(for: .milliseconds(100))
        }
        await held.value
        work.cancel()
        await work.value
        // One that ends in order leaves it at once.
        let after = try await blocker.acquireLease(AlertDaemon.lookingLease, holder: UUID(), for: .seconds(1))
        #expect(after != nil)
        await ledger.close()
        await blocker.close()
    }
}
