import EaselBase
import EaselCore
import EaselMemory
import Foundation
import TestKit
import Testing

@testable import EaselCalls

/// Shadows that a gateway left behind, and those whose end is not known (M7).
struct ShadowRecoveryTests {
    private static let recent =
        Timestamp(microseconds: TimeSource.system.now.millisecondsSince1970 * 1000) - .seconds(60)

    /// A shadow of a gateway that is gone.
    private static func left(in ledger: MemoryLedger) async throws -> ShadowStart {
        let callID = UUIDv7.mint(at: recent)
        try await ledger.take(SampleTrade.admission(attempts: [SampleTrade.start(callID: callID, at: recent)]))
        let start = ShadowStart(
            shadowID: UUIDv7.mint(at: recent),
            key: CallKey(teamID: 1, receivedAt: recent, callID: callID),
            startedAt: recent,
            policy: "test",
            model: .ideogram4,
            speed: .default,
            copyrightDetection: true,
            provider: "ideogram",
            providerModel: "ideogram-model",
            taskID: UUID(),
            providerTaskID: nil,
            imagesAsked: 1,
            pricePerImage: sixCents,
            dailyBudget: sixCents * 10,
            gatewayID: UUIDv7.mint(at: recent),
            leaseEndsAt: recent + .seconds(600)
        )
        #expect(try await ledger.startShadow(start))
        return start
    }

    private static func recovery(
        _ ledger: MemoryLedger,
        _ provider: ScriptedProvider,
        unknownAfter: Duration = .seconds(3600)
    ) -> ShadowRecovery {
        ShadowRecovery(
            ledger: ledger,
            providers: [provider.name: provider],
            unknownAfter: unknownAfter,
            time: .system,
            log: .silent
        )
    }

    @Test func `what the provider knows is posted`() async throws {
        let ledger = MemoryLedger()
        let start = try await Self.left(in: ledger)
        try await ledger.noteShadowTask(start, providerTaskID: "g-1")
        let provider = ScriptedProvider(
            .ideogram,
            recoveries: [.ended(ScriptedProvider.delivered(1, cost: sixCents))]
        )
        let recovery = Self.recovery(ledger, provider)
        try await recovery.sweep(judgesOthers: false)
        #expect(provider.recovered.isEmpty, "its gateway may live")
        try await recovery.sweep(judgesOthers: true)
        #expect(provider.recovered.map(\.taskID) == [start.taskID])
        #expect(provider.recovered.map(\.providerTaskID) == ["g-1"])
        #expect(provider.recovered.map(\.copyrightDetection) == [true])
        #expect(provider.tasks.isEmpty, "nothing is paid for again")
        let end = try #require(ledger.shadows.first?.end?.end)
        #expect(end.outcome == .succeeded)
        #expect(end.cost == sixCents)
        #expect(end.costBasis == .provider)
        #expect(try await ledger.openShadows(silentSince: nil, at: Self.recent + .seconds(9999), limit: 9).isEmpty)
    }

    @Test func `what nobody can tell holds its bound, and is posted at it in the end`() async throws {
        let ledger = MemoryLedger()
        _ = try await Self.left(in: ledger)
        let provider = ScriptedProvider(.ideogram)
        try await Self.recovery(ledger, provider).sweep(judgesOthers: true)
        var end = try #require(ledger.shadows.first?.end?.end)
        #expect(end.outcome == .unknown)
        #expect(end.cost == nil)
        #expect(ledger.shadows.first?.held == sixCents)
        try await Self.recovery(ledger, provider, unknownAfter: .seconds(30)).sweep(judgesOthers: false)
        end = try #require(ledger.shadows.first?.end?.end)
        #expect(end.outcome == .unknown)
        #expect(end.cost == sixCents)
        #expect(end.costBasis == .unknown)
        #expect(end.errorCode == AttemptEnd.postedAtBound)
        #expect(provider.recovered.count == 2)
    }

    @Test func `one that waits for its turn is not asked about at every sweep`() async throws {
        let ledger = MemoryLedger()
        _ = try await Self.left(in: ledger)
        let provider = ScriptedProvider(.ideogram)
        let recovery = Self.recovery(ledger, provider)
        let now = SteadyInstant.now
        for _ in 0..<3 { try await recovery.sweep(judgesOthers: true, at: now) }
        #expect(provider.recovered.count == 1)
        try await recovery.sweep(judgesOthers: true, at: now + AskingSchedule.shortest)
        #expect(provider.recovered.count == 2)
    }

    @Test func `an end that could not be written is found again`() async throws {
        let ledger = MemoryLedger()
        let start = try await Self.left(in: ledger)
        let provider = ScriptedProvider(
            .ideogram,
            recoveries: [.ended(ScriptedProvider.delivered(1, cost: sixCents))]
        )
        ledger.fail("endShadow")
        try await Self.recovery(ledger, provider).sweep(judgesOthers: true)
        #expect(ledger.shadows.first?.end == nil)
        ledger.fail("endShadow", with: nil)
        try await Self.recovery(ledger, provider).sweep(judgesOthers: true)
        #expect(ledger.shadows.map(\.start.shadowID) == [start.shadowID])
        #expect(ledger.shadows.first?.end?.end.cost == sixCents)
    }
}
