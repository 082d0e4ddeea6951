import EaselBase
import EaselCore
import EaselGateway
import EaselLedger
import EaselSandbox
import EaselTransport
import Foundation
import Testing
import TestTools

/// Clients that leave, gateways that stop, databases that go away and come back.
struct LifeTests {
    /// Providers that take tasks on and do not tell how they stand until the sandbox's faults are lifted: a call is
    /// under way for as long as a test wants.
    private static var held: House.Plan {
        var plan = House.Plan()
        plan.ideogram.delivery = .async
        plan.sandbox.faults = [FaultRule(route: .poll, kind: .status(503))]
        return plan
    }

    @Test(arguments: ["only-runware", "only-ideogram"])
    func `a client that leaves is settled all the same`(_ policy: String) async throws {
        try await House.with(Self.held) { house in
            let call = Task { try await house.remix(["policy": .string(policy)]) }
            let isTaken = await eventually { house.submissions() == 1 }
            #expect(isTaken)
            let id = try #require(try await house.inProgress().first)
            call.cancel()
            _ = await call.result
            try await house.sandbox.setFaults([])
            let settled = try await house.settled(id)
            #expect(settled["status"] == "succeeded")
            #expect(settled["cost_usd"]?.stringValue == house.sandbox.billing.total.usd)
            #expect(house.submissions() == 1)
        }
    }

    @Test func `a shutdown answers what is in flight`() async throws {
        try await House.with(Self.held) { house in
            async let first = house.remix(["policy": "only-runware"])
            async let second = house.remix(["policy": "only-ideogram", "count": 2])
            let areTaken = await eventually { house.submissions() == 3 }
            #expect(areTaken)
            #expect(try await house.inProgress().count == 2)
            async let stopped: Void = house.gateway.shutDown()
            let isClosed = await eventually { (try? await house.get("/healthz")) == nil }
            #expect(isClosed)
            try await house.sandbox.setFaults([])
            let answers = try await (first, second)
            #expect(answers.0.status == 200)
            #expect(answers.1.images.count == 2)
            await stopped
        }
    }

    @Test func `health is told`() async throws {
        try await House.with { house in
            #expect(try await house.get("/healthz", key: nil).status == 200)
            let ready = try await house.get("/readyz", key: nil)
            #expect(ready.status == 200)
            #expect(ready["ledger"] == "ok")
            _ = try await house.remix()
            let metrics = String(decoding: try await house.get("/metrics", key: nil).body, as: UTF8.self)
            let calls = "easel_calls_total{status=\"succeeded\",model=\"ideogram-4.0\",provider=\"runware\"} 1\n"
            #expect(metrics.contains(calls), "\(metrics)")
            #expect(metrics.contains("easel_calls_in_flight 0\n"))
        }
    }

    @Test func `without its database nothing new is spent, and what is in flight is kept`() async throws {
        let directory = "/tmp/easel-away-\(UUID().text)"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var options = EmbeddedPostgres.Options()
        // Durable, unlike the clusters of other tests: what was committed must be there after the stop.
        options.sharedBuffersMB = 16
        let first = try await EmbeddedPostgres.start(dataDirectory: directory, log: .silent, options: options)
        var plan = Self.held
        plan.connectionString = first.connectionString
        // As impatient as in service.
        plan.options.writeLimit = .seconds(2)
        let outcome: Result<Void, any Error>
        do {
            try await House.with(plan, verify: false) { house in
                async let inFlight = house.remix(["policy": "only-runware"])
                let isTaken = await eventually { house.submissions() == 1 }
                #expect(isTaken)
                await first.stop()
                try await house.sandbox.setFaults([])
                // The call that was admitted is answered; its settlement waits on the local disk (L2).
                let answered = try await inFlight
                #expect(answered.status == 200)
                #expect(house.journaled.pendingCount > 0)
                let refused = try await house.remix()
                #expect(refused.status == 503)
                #expect(refused.code == "unavailable")
                #expect(refused.fields["Retry-After"] != nil)
                #expect(house.submissions() == 1, "nothing was spent")
                #expect(try await house.get("/readyz", key: nil).status == 503)

                let again = try await EmbeddedPostgres.start(dataDirectory: directory, log: .silent, options: options)
                let isReplayed = await eventually(within: .seconds(30)) { house.journaled.pendingCount == 0 }
                #expect(isReplayed)
                let isReady = try await eventually { try await house.get("/readyz", key: nil).status == 200 }
                #expect(isReady)
                let settled = try await house.settled(answered.id)
                #expect(settled["status"] == "succeeded")
                #expect(settled["cost_usd"] == answered["cost_usd"])
                #expect(try await house.remix().status == 200)
                #expect(try await house.findings().map(\.detail) == [])
                await again.stop()
            } as Void
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await first.stop()
        try outcome.get()
    }
}
