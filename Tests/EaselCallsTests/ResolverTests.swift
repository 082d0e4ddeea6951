import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// Calls that a gateway left behind, and attempts whose end is not known (M7).
struct ResolverTests {
    private static let dead = UUIDv7.mint(at: SampleTrade.moment)
    private static let recent =
        Timestamp(microseconds: TimeSource.system.now.millisecondsSince1970 * 1000) - .seconds(60)

    /// A call in progress of a gateway that is gone.
    private static func orphan(
        in ledger: MemoryLedger,
        asked: Int = 1,
        providers: [String] = ["runware"],
        at moment: Timestamp = recent
    ) async throws -> [AttemptStart] {
        let callID = UUIDv7.mint(at: moment)
        let starts = providers.enumerated().map { index, provider in
            SampleTrade.start(callID: callID, ordinal: index + 1, provider: provider, asked: asked, at: moment)
        }
        try await ledger.take(SampleTrade.admission(attempts: [starts[0]], gatewayID: dead, count: asked))
        for (index, start) in starts.enumerated().dropFirst() {
            let failed = ProviderResult(
                failure: ProviderFailure(.unavailable, code: "503", message: "no", httpStatus: 503)
            )
            let end = Accounting.end(of: starts[index - 1], failed, delivered: 0, endedAt: moment)
            try await ledger.startAttempts([start], ended: [end])
        }
        return starts
    }

    private static func delivered(_ count: Int = 1) -> Recovery {
        .ended(ScriptedProvider.delivered(count, cost: sixCents * count))
    }

    @Test func `a cut-off attempt that the provider knows is posted and kept`() async throws {
        let ledger = MemoryLedger()
        let starts = try await Self.orphan(in: ledger, asked: 2)
        let provider = ScriptedProvider(recoveries: [Self.delivered(2)])
        let resolver = try await Bench(ledger, [provider]).resolver()
        #expect(try await resolver.sweepOrphans(of: [Self.dead]) == 1)
        #expect(provider.recovered.map(\.taskID) == [starts[0].taskID])
        #expect(provider.tasks.isEmpty, "nothing is paid for again")
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.status == .succeeded)
        #expect(settlement.cost == sixCents * 2)
        #expect(settlement.costBasis == .provider)
        #expect(settlement.images.count == 2)
        #expect(settlement.attempts.map(\.outcome) == [.succeeded])
        #expect(settlement.clientGone)
        #expect(ledger.violations.isEmpty)
        #expect(try await resolver.sweepOrphans(of: [Self.dead]) == 0)
    }

    @Test func `what nobody can tell is unknown and never free`() async throws {
        let ledger = MemoryLedger()
        _ = try await Self.orphan(in: ledger)
        let resolver = try await Bench(ledger, [ScriptedProvider()]).resolver()
        #expect(try await resolver.sweepOrphans(of: [Self.dead]) == 1)
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.status == .failed)
        #expect(settlement.errorCode == "interrupted")
        #expect(settlement.cost == nil)
        #expect(settlement.attempts.map(\.outcome) == [.unknown])
        #expect(settlement.attempts.map(\.cost) == [nil])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a provider that is not configured any more leaves it unknown`() async throws {
        let ledger = MemoryLedger()
        _ = try await Self.orphan(in: ledger, providers: ["gone"])
        let resolver = try await Bench(ledger, [ScriptedProvider()]).resolver()
        try await resolver.sweepOrphans(of: [Self.dead])
        #expect(ledger.settlements.first?.attempts.map(\.outcome) == [.unknown])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a refusal is told as one`() async throws {
        let ledger = MemoryLedger()
        _ = try await Self.orphan(in: ledger)
        let refused = ProviderResult(failure: ProviderFailure(.refused, code: "no", message: "no", httpStatus: 422))
        let resolver = try await Bench(ledger, [ScriptedProvider(recoveries: [.ended(refused)])]).resolver()
        try await resolver.sweepOrphans(of: [Self.dead])
        #expect(ledger.settlements.map(\.status) == [.refused])
        #expect(ledger.settlements.map(\.cost) == [.zero])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `attempts that had ended stay as they were`() async throws {
        let ledger = MemoryLedger()
        _ = try await Self.orphan(in: ledger, providers: ["runware", "ideogram"])
        let first = ScriptedProvider(.runware)
        let second = ScriptedProvider(.ideogram, recoveries: [Self.delivered()])
        let resolver = try await Bench(ledger, [first, second]).resolver()
        try await resolver.sweepOrphans(of: [Self.dead])
        #expect(first.recovered.isEmpty)
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.provider == "ideogram")
        #expect(settlement.failover)
        #expect(settlement.cost == sixCents)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a living gateway's calls are left alone`() async throws {
        let ledger = MemoryLedger()
        _ = try await Self.orphan(in: ledger)
        let resolver = try await Bench(ledger, [ScriptedProvider()]).resolver()
        try await ledger.heartbeat(gatewayID: Self.dead, sign: GatewaySign(), at: TimeSource.system.now)
        #expect(try await resolver.sweepOrphans(of: []) == 0)
        #expect(ledger.settlements.isEmpty)
        let later = TimeSource.fixed(TimeSource.system.now + .seconds(120))
        let after = try await Bench(ledger, [ScriptedProvider()]).resolver(time: later)
        #expect(try await after.sweepOrphans(of: []) == 1)
    }

    @Test func `many orphans are settled in batches`() async throws {
        let ledger = MemoryLedger()
        for _ in 0..<(Resolver.batch + 5) { _ = try await Self.orphan(in: ledger) }
        let resolver = try await Bench(ledger, [ScriptedProvider(recoveries: [Self.delivered()])]).resolver()
        #expect(try await resolver.sweepOrphans(of: [Self.dead]) == Resolver.batch + 5)
        #expect(ledger.settlements.count == Resolver.batch + 5)
        #expect(ledger.violations.isEmpty)
    }

    private static let now = Timestamp(microseconds: TimeSource.system.now.millisecondsSince1970 * 1000)
    private static func working(_ images: Int = 0) -> Recovery {
        .running(ScriptedProvider.delivered(images), working: true)
    }

    // MARK: Until the end is known

    @Test(
        arguments: [
            working(), .unknown(), .running(ProviderResult(), working: false), .absent,
        ] as [Recovery]
    )
    func `a call whose end may still be found out is settled once, when it is`(_ first: Recovery) async throws {
        let ledger = MemoryLedger()
        _ = try await Self.orphan(in: ledger, at: Self.now)
        let provider = ScriptedProvider(recoveries: [first, Self.delivered()])
        let resolver = try await Bench(ledger, [provider]).resolver()
        let began = SteadyInstant.now
        #expect(try await resolver.sweepOrphans(of: [Self.dead]) == 0)
        #expect(ledger.settlements.isEmpty && !resolver.isDone, "its caller is told that it is in progress")
        // The next question comes at the pace of such tasks, not at the next sweep of the log.
        let isSettled = await eventually {
            try? await resolver.sweepLeftBehind()
            return !ledger.settlements.isEmpty
        }
        #expect(isSettled && SteadyInstant.now.since(began) >= LeftBehind.shortest)
        #expect(ledger.settlements.map(\.status) == [.succeeded] && provider.recovered.count == 2)
        #expect(resolver.isDone && ledger.violations.isEmpty)
        #expect(ledger.events.filter { $0 == "settle" }.count == 1)
    }

    @Test func `a provider that wants to be left alone is, also by the sweeps of the log`() async throws {
        let ledger = MemoryLedger()
        _ = try await Self.orphan(in: ledger, at: Self.now)
        _ = try await Self.orphan(in: ledger, at: Self.now)
        let pause = AskingPause(.seconds(60), isOfAccount: true)
        let provider = ScriptedProvider(recoveries: [.unknown(pause: pause)])
        let resolver = try await Bench(ledger, [provider]).resolver()
        for _ in 0..<3 {
            try await resolver.sweepOrphans(of: [Self.dead])
            try await resolver.sweepLeftBehind()
        }
        // At most one for each of the two that were asked at the same time.
        #expect((1...2).contains(provider.recovered.count) && ledger.settlements.isEmpty)
    }

    @Test func `trouble is no end for as long as unknown attempts are asked about, and then there is one`() async throws
    {
        let ledger = MemoryLedger()
        _ = try await Self.orphan(in: ledger)
        let bench = try await Bench(ledger, [ScriptedProvider(recoveries: [.unknown()])])
        #expect(try await bench.resolver().sweepOrphans(of: [Self.dead]) == 0)
        #expect(try await bench.resolver(unknownAfter: .seconds(30)).sweepOrphans(of: [Self.dead]) == 1)
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.status == .failed && settlement.cost == sixCents && settlement.costBasis == .unknown)
        #expect(settlement.attempts.map(\.errorCode) == [AttemptEnd.postedAtBound])
    }

    @Test func `a task that its provider says nothing of may run as long as an attempt, and no longer`() async throws {
        for (recovery, timeout, settled) in [
            (.running(ProviderResult(), working: false), .seconds(20), 1),
            (.running(ProviderResult(), working: false), .seconds(120), 0),
            (.absent, .seconds(120), 1), (Self.working(), .seconds(20), 0),
        ] as [(Recovery, Duration, Int)] {
            let ledger = MemoryLedger()
            // A minute ago.
            _ = try await Self.orphan(in: ledger)
            let provider = ScriptedProvider(recoveries: [recovery], timeout: timeout)
            let resolver = try await Bench(ledger, [provider]).resolver()
            #expect(try await resolver.sweepOrphans(of: [Self.dead]) == settled)
            #expect(ledger.settlements.map(\.cost) == Array(repeating: nil, count: settled))
        }
    }

    @Test func `what one attempt told is kept while another is asked again`() async throws {
        let ledger = MemoryLedger()
        let starts = try await Self.orphan(in: ledger, asked: 2, at: Self.now)
        let more = SampleTrade.start(callID: starts[0].callID, ordinal: 2, provider: "ideogram", asked: 1, at: Self.now)
        try await ledger.startAttempts([more], ended: [])
        let first = ScriptedProvider(.runware, recoveries: [Self.delivered(1), .untraceable])
        let second = ScriptedProvider(.ideogram, recoveries: [Self.working(), Self.delivered()])
        let resolver = try await Bench(ledger, [first, second]).resolver()
        #expect(try await resolver.sweepOrphans(of: [Self.dead]) == 0)
        let isSettled = await eventually {
            try? await resolver.sweepLeftBehind()
            return !ledger.settlements.isEmpty
        }
        #expect(isSettled && first.recovered.count == 1 && second.recovered.count == 2)
        #expect(ledger.settlements.map(\.status) == [.succeeded])
        #expect(ledger.settlements.first?.images.map(\.ordinal) == [1, 2])
    }

    // MARK: Races

    @Test func `a race that was cut off has its figures: no failover, and one side lost`() async throws {
        let ledger = MemoryLedger()
        let starts = try await Self.orphan(in: ledger, at: Self.now)
        let second = SampleTrade.start(callID: starts[0].callID, ordinal: 2, provider: "ideogram", at: Self.now)
            .racing(.second)
        _ = try await ledger.startAttempts([second], ended: [], hold: Hold(amount: sixCents * 2, images: 2))
        let first = ScriptedProvider(.runware, recoveries: [Self.delivered()])
        // All that was asked for is there: what the other cost is found out afterwards.
        let other = ScriptedProvider(.ideogram, recoveries: [Self.working(), Self.delivered()])
        let resolver = try await Bench(ledger, [first, other]).resolver()
        #expect(try await resolver.sweepOrphans(of: [Self.dead]) == 1)
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.status == .succeeded && settlement.provider == "runware" && !settlement.failover)
        #expect(settlement.attempts.map(\.start.race) == [.first, .second])
        #expect(settlement.attempts.map(\.outcome) == [.succeeded, .unknown])
        #expect(settlement.failoverCost == nil && settlement.cost == sixCents)
        try await resolver.sweepUnknown()
        #expect(ledger.resolutions.flatMap(\.ends).map(\.cost) == [sixCents])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `images of both sides are made, and those of one are the call's`() async throws {
        let ledger = MemoryLedger()
        let starts = try await Self.orphan(in: ledger, at: Self.now)
        let second = SampleTrade.start(callID: starts[0].callID, ordinal: 2, provider: "ideogram", at: Self.now)
            .racing(.second)
        _ = try await ledger.startAttempts([second], ended: [], hold: Hold(amount: sixCents * 2, images: 2))
        let first = ScriptedProvider(.runware, recoveries: [Self.delivered()])
        let other = ScriptedProvider(.ideogram, recoveries: [Self.delivered()])
        try await Bench(ledger, [first, other]).resolver().sweepOrphans(of: [Self.dead])
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.attempts.map(\.outcome) == [.succeeded, .succeeded] && settlement.images.count == 1)
        #expect(settlement.provider == "runware" && !settlement.failover)
        #expect(settlement.failoverCost == sixCents && settlement.cost == sixCents * 2)
    }

    @Test func `past its time an unknown attempt is posted at its bound`() async throws {
        let ledger = MemoryLedger()
        let starts = try await Self.orphan(in: ledger, asked: 2)
        let provider = ScriptedProvider()
        let bench = try await Bench(ledger, [provider])
        try await bench.resolver().sweepOrphans(of: [Self.dead])
        try await bench.resolver().sweepUnknown()
        #expect(ledger.end(of: starts[0].attemptID)?.cost == nil, "not yet")
        let late = bench.resolver(unknownAfter: .seconds(30))
        try await late.sweepUnknown()
        let end = try #require(ledger.end(of: starts[0].attemptID))
        #expect(end.cost == sixCents * 2)
        #expect(end.costBasis == .unknown)
        #expect(end.outcome == .unknown, "it stays visible as what it is")
        let call = try #require(try await ledger.call(starts[0].callID, teamID: nil))
        #expect(call.cost == sixCents * 2)
        #expect(call.costBasis == .unknown)
        let events = ledger.events.count
        try await late.sweepUnknown()
        #expect(ledger.events.count == events, "posting it again is not needed")
        #expect(ledger.violations.isEmpty)
    }

    /// A call that was delivered by the second provider after the first one's answer was lost.
    private func failedOver(_ late: Recovery) async throws -> (MemoryLedger, Bench, ScriptedProvider) {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(
            .runware,
            answers: [.failure(ScriptedProvider.timeout)],
            ledger: ledger
        )
        let bench = try await Bench(ledger, [first, ScriptedProvider(.ideogram, ledger: ledger)])
        #expect(await bench.remix().reply?.provider == "ideogram")
        first.tell(late)
        return (ledger, bench, first)
    }

    @Test func `a late discovery puts the money right and leaves the answer as it was`() async throws {
        let (ledger, bench, first) = try await failedOver(Self.delivered())
        try await bench.resolver().sweepUnknown()
        #expect(first.tasks.count == 1)
        let id = try #require(ledger.admissions.first?.callID)
        let call = try #require(try await ledger.call(id, teamID: nil))
        #expect(call.status == .succeeded)
        #expect(call.provider == "ideogram")
        #expect(call.imagesDelivered == 1)
        #expect(call.images.count == 1)
        #expect(call.cost == sixCents * 2, "both were paid for")
        #expect(call.attempts.map(\.cost) == [sixCents, sixCents])
        #expect(call.attemptCount == 2)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a late word that it failed costs nothing more`() async throws {
        let failed = ProviderResult(failure: ProviderFailure(.failed, code: "x", message: "x", httpStatus: 200))
        let (ledger, bench, _) = try await failedOver(.ended(failed))
        try await bench.resolver().sweepUnknown()
        let id = try #require(ledger.admissions.first?.callID)
        let call = try #require(try await ledger.call(id, teamID: nil))
        #expect(call.status == .succeeded)
        #expect(call.cost == sixCents)
        #expect(call.attempts.map(\.outcome) == [.failed, .succeeded])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `past its time the bound is added, and the answer stays`() async throws {
        let (ledger, bench, _) = try await failedOver(.untraceable)
        let later = TimeSource.fixed(TimeSource.system.now + .seconds(120))
        try await bench.resolver(unknownAfter: .seconds(60), time: later).sweepUnknown()
        let id = try #require(ledger.admissions.first?.callID)
        let call = try #require(try await ledger.call(id, teamID: nil))
        #expect(call.status == .succeeded)
        #expect(call.imagesDelivered == 1)
        #expect(call.cost == sixCents * 2)
        #expect(call.costBasis == .unknown)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a call that had failed gets its images after all`() async throws {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(
            answers: [.failure(ScriptedProvider.timeout)],
            ledger: ledger
        )
        let bench = try await Bench(ledger, [provider]) { $0.onUnknown = .recover }
        #expect(await bench.remix().failure?.code == .providersFailed)
        provider.tell(Self.delivered())
        try await bench.resolver().sweepUnknown()
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.status == .succeeded)
        #expect(settlement.images.count == 1)
        #expect(settlement.cost == sixCents)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `why an attempt is unknown stays as its call has seen it, and its times are not those of the question`()
        async throws
    {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(
            answers: [.failure(ScriptedProvider.timeout), .failure(ScriptedProvider.timeout)],
            ledger: ledger
        )
        let bench = try await Bench(ledger, [provider]) { $0.onUnknown = .recover }
        #expect(await bench.remix().failure?.code == .providersFailed)
        let told = try #require(ledger.settlements.first)
        let reasons = told.attempts.map(\.errorCode)
        #expect(reasons.allSatisfy { $0 != nil && $0 != AttemptEnd.interrupted })
        guard case .ended(var result) = Self.delivered() else { return }
        result.timings = PhaseTimings(total: .milliseconds(18))
        provider.tell(.ended(result))
        try await bench.resolver().sweepUnknown()
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.status == .succeeded)
        #expect(settlement.attempts.allSatisfy { $0.timings == PhaseTimings() })
        for end in settlement.attempts where end.outcome == .unknown {
            #expect(end.reason != AttemptEnd.interrupted && end.errorCode != AttemptEnd.interrupted)
        }
    }

    @Test func `a ledger that is away is an error, and the next sweep does the work`() async throws {
        let ledger = MemoryLedger()
        _ = try await Self.orphan(in: ledger)
        let resolver = try await Bench(ledger, [ScriptedProvider(recoveries: [Self.delivered()])]).resolver()
        ledger.fail("settle")
        await #expect(throws: LedgerError.self) { try await resolver.sweepOrphans(of: [Self.dead]) }
        ledger.fail("settle", with: nil)
        #expect(try await resolver.sweepOrphans(of: [Self.dead]) == 1)
        #expect(ledger.violations.isEmpty)
    }
}
