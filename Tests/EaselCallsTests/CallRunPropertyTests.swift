import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// Calls whose providers do anything: whatever happens, what is on record is whole and agrees.
struct CallRunPropertyTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `every call ends settled, whatever the providers do`(_ seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                let one = Self.script(&random)
                let two = Self.script(&random)
                let count = Int.random(in: 1...6, using: &random)
                let perRequest = Int.random(in: 1...4, using: &random)
                let attempts = Int.random(in: 1...4, using: &random)
                let recover = Bool.random(using: &random)
                group.addTask {
                    let ledger = MemoryLedger()
                    let first = ScriptedProvider(
                        .runware,
                        answers: one.answers,
                        recoveries: one.recoveries,
                        imagesPerRequest: perRequest,
                        ledger: ledger
                    )
                    let second = ScriptedProvider(
                        .ideogram,
                        answers: two.answers,
                        recoveries: two.recoveries,
                        ledger: ledger
                    )
                    let bench = try await Bench(ledger, [first, second]) { policy in
                        policy.attempts = attempts
                        policy.onUnknown = recover ? .recover : .recoverThenNext
                    }
                    Self.check(await bench.remix(count: count), ledger, [first, second], count: count)
                    #expect(bench.registry.running == 0)
                    #expect(bench.tools.gates.values.allSatisfy { $0.running == 0 })
                }
            }
            try await group.waitForAll()
        }
    }

    private static func check(
        _ result: Result<Reply, CallFailure>,
        _ ledger: MemoryLedger,
        _ providers: [ScriptedProvider],
        count: Int
    ) {
        #expect(ledger.violations == [], "\(ledger.events)")
        guard let settlement = ledger.settlements.first else {
            Issue.record("the call was not settled: \(ledger.events)")
            return
        }
        // A request of a round that is refused may find its sibling's refusal before it is sent (R2).
        let sent = providers.reduce(0) { $0 + $1.tasks.count }
        #expect(sent <= settlement.attempts.count, "what was sent is on record")
        #expect(sent >= settlement.attempts.count(where: \.sent), "what is on record as sent was")
        #expect(settlement.imagesDelivered <= count)
        #expect(settlement.status != .inProgress)
        switch result {
        case .success(let reply):
            #expect(reply.status == settlement.status)
            #expect(reply.cost == settlement.cost)
            #expect(reply.images.count == settlement.images.count)
            #expect(!reply.images.isEmpty)
        case .failure(let failure):
            #expect(settlement.imagesDelivered == 0)
            #expect(failure.callID == settlement.callID)
            #expect(failure.attempts.count == settlement.attempts.count)
        }
    }

    private static func script(
        _ random: inout SeededRandom
    ) -> (answers: [ScriptedProvider.Answer], recoveries: [Recovery]) {
        let answers = (0..<6).map { _ in answer(&random) }
        let recoveries: [Recovery] = (0..<4).map { _ in
            switch Int.random(in: 0..<4, using: &random) {
            case 0: .ended(result(&random))
            case 1: .running(ScriptedProvider.delivered(Int.random(in: 0...2, using: &random)), working: false)
            case 2: .absent
            default: .untraceable
            }
        }
        return (answers, recoveries)
    }

    private static func answer(_ random: inout SeededRandom) -> ScriptedProvider.Answer {
        Int.random(in: 0..<3, using: &random) == 0 ? .images() : .result(result(&random))
    }

    private static func result(_ random: inout SeededRandom) -> ProviderResult {
        var result = ScriptedProvider.delivered(Int.random(in: 0...3, using: &random))
        for _ in 0..<Int.random(in: 0...2, using: &random) where Bool.random(using: &random) {
            result.images.append(ProviderImage(content: .withheld, nsfw: true))
        }
        if Bool.random(using: &random) { result.cost = sixCents * result.images.count }
        if result.images.isEmpty || Int.random(in: 0..<3, using: &random) == 0 {
            let kind = ProviderFailure.Kind.allCases.randomElement(using: &random) ?? .failed
            result.failure = ProviderFailure(kind, code: kind.rawValue, message: "It failed.", httpStatus: 500)
        }
        return result
    }
}
