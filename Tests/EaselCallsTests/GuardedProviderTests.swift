import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselCalls

/// Nobody in the gateway hears a provider but through the door.
struct GuardedProviderTests {
    private static let prompt = "a red kite over a harbour full of fishing boats, painted at dawn"

    private func hostile() -> ProviderResult {
        ProviderResult(
            images: [ProviderImage(content: .withheld, providerImageID: Self.prompt, cost: Money(nanodollars: .max))],
            failure: ProviderFailure(
                .failed,
                code: String(repeating: "漢", count: 1000),
                message: "Bad prompt: \(Self.prompt.uppercased())",
                httpStatus: 99_999_999_999,
                retryAfter: .seconds(1_000_000_000)
            ),
            httpStatus: -5,
            providerTaskID: "a\u{0}b",
            extra: ["echo": .string(Self.prompt)]
        )
    }

    private func expectFitted(_ result: ProviderResult?) {
        #expect(result?.httpStatus == nil && result?.failure?.httpStatus == nil)
        #expect(result?.failure?.code == "withheld" && result?.failure?.retryAfter == .seconds(3600))
        #expect(result?.failure?.message.lowercased().contains("kite") == false)
        #expect(result?.providerTaskID == "a b" && result?.images.first?.providerImageID == nil)
        #expect(result?.extra == ["echo": "withheld"])
    }

    @Test func `answers, polls and what recovery is told all go through it`() async throws {
        let ended = Recovery.ended(hostile())
        let provider = GuardedProvider(
            ScriptedProvider(answers: [.result(hostile())], recoveries: [ended])
        )
        var request = SampleTrade.request()
        request.prompt = Self.prompt
        let task = ProviderTask(
            attemptID: UUID(),
            taskID: UUID(),
            request: request,
            count: 1,
            timeout: .seconds(1)
        )
        if case .ended(let result) = await provider.perform(task) {
            expectFitted(result)
        } else {
            Issue.record("no end")
        }
        let question = RecoverableTask(
            taskID: task.taskID,
            providerTaskID: nil,
            model: .ideogram4,
            count: 1,
            copyrightDetection: false,
            words: request.words
        )
        if case .ended(let result) = await provider.recover(question, timeout: .seconds(1)) {
            expectFitted(result)
        } else {
            Issue.record("no end")
        }
    }
}
