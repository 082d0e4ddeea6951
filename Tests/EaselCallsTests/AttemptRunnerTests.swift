import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// One attempt: the place at the gate, the exchange, the polls, the question after a missing answer.
struct AttemptRunnerTests {
    private struct Setting {
        let ledger: MemoryLedger
        let runner: AttemptRunner
        let start: AttemptStart
        let health = ProviderHealth()

        let permit: ProviderHealth.Permit

        init(asked: Int = 1) async throws {
            permit = try #require(health.claim("runware", .ideogram4))
            ledger = MemoryLedger()
            start = SampleTrade.start(asked: asked)
            try await ledger.take(SampleTrade.admission(attempts: [start]))
            runner = AttemptRunner(health: health, ledger: ledger, log: .silent)
        }

        func task(_ timeout: Duration = .seconds(20)) -> ProviderTask {
            ProviderTask(
                attemptID: start.attemptID,
                taskID: start.taskID,
                request: SampleTrade.request(count: start.imagesAsked),
                count: start.imagesAsked,
                timeout: timeout
            )
        }

        func run(_ provider: ScriptedProvider, gate: ProviderGate? = nil, timeout: Duration = .seconds(20)) async
            -> ProviderResult
        {
            await runner.run(
                task(timeout),
                start: start,
                at: provider,
                gate: gate ?? ProviderGate(limit: 4),
                permit: permit
            )
        }

        func recover(_ provider: ScriptedProvider, after kind: ProviderFailure.Kind, timeLeft: Duration = .seconds(20))
            async -> ProviderResult?
        {
            let failed = ProviderResult(failure: ProviderFailure(kind, code: "x", message: "x"), providerTaskID: "g-1")
            return await runner.recover(
                task(),
                start: start,
                after: failed,
                at: provider,
                permit: permit,
                timeLeft: timeLeft
            )
        }
    }

    private static func running(_ count: Int, working: Bool = true) -> Recovery {
        .running(ScriptedProvider.delivered(count), working: working)
    }

    @Test func `an accepted task is polled until it ends, and its name is on record`() async throws {
        let setting = try await Setting()
        let polls = [
            Self.running(0), Self.running(0), .unknown(), .ended(ScriptedProvider.delivered(1, cost: sixCents)),
        ]
        let provider = ScriptedProvider(answers: [.accept(id: "g-1", polls: polls)], ledger: setting.ledger)
        let result = await setting.run(provider)
        #expect(result.failure == nil)
        #expect(result.images.count == 1)
        #expect(result.cost == sixCents)
        #expect(result.providerTaskID == "g-1")
        #expect(result.timings.total != nil)
        #expect(provider.polled.count == 4)
        #expect(provider.polled.allSatisfy { $0.taskID == setting.start.taskID && $0.providerTaskID == "g-1" })
        #expect(setting.ledger.notes == [setting.start.attemptID: "g-1"])
        #expect(setting.ledger.violations.isEmpty)
    }

    @Test func `a task that ends badly ends badly`() async throws {
        let setting = try await Setting()
        let refused = ProviderResult(failure: ProviderFailure(.refused, code: "no", message: "no"))
        let provider = ScriptedProvider(answers: [.accept(id: nil, polls: [.ended(refused)])])
        #expect(await setting.run(provider).failure?.kind == .refused)
        #expect(setting.ledger.notes.isEmpty)
    }

    @Test func `a task that does not end in time keeps what came and is a timeout`() async throws {
        let setting = try await Setting(asked: 3)
        let provider = ScriptedProvider(answers: [.accept(id: "g-1", polls: [Self.running(1), Self.running(2)])])
        let result = await setting.run(provider, timeout: .seconds(4))
        #expect(result.failure?.kind == .timeout)
        #expect(result.failure?.billing == .unknown)
        #expect(result.images.count == 2)
    }

    @Test func `images do not vanish when a later poll shows fewer`() async throws {
        let setting = try await Setting(asked: 3)
        let polls = [Self.running(2), Self.running(1), Self.running(0)]
        let provider = ScriptedProvider(answers: [.accept(id: nil, polls: polls)])
        #expect(await setting.run(provider, timeout: .seconds(4)).images.count == 2)
    }

    @Test func `when nothing moves any more, what came was all`() async throws {
        let setting = try await Setting(asked: 3)
        let provider = ScriptedProvider(answers: [.accept(id: nil, polls: [Self.running(2, working: false)])])
        let result = await setting.run(provider)
        #expect(result.failure == nil)
        #expect(result.images.count == 2)
    }

    @Test func `once it is known how long tasks take, few polls are sent`() async throws {
        let setting = try await Setting()
        setting.health.prime(
            ProviderHealth.Kind(provider: "runware", model: .ideogram4, speed: .default),
            Array(repeating: .milliseconds(200), count: 8)
        )
        let provider = ScriptedProvider(answers: [.accept(id: nil, polls: [.ended(ScriptedProvider.delivered(1))])])
        let began = SteadyInstant.now
        _ = await setting.run(provider)
        #expect(provider.polled.count == 1)
        #expect(SteadyInstant.now.since(began) >= .milliseconds(190))
    }

    @Test func `without a place at the gate nothing is sent`() async throws {
        let setting = try await Setting()
        let gate = ProviderGate(limit: 1)
        #expect(await gate.enter(team: 1, timeout: .seconds(1)))
        let provider = ScriptedProvider()
        let result = await setting.run(provider, gate: gate, timeout: .milliseconds(60))
        #expect(result.failure?.kind == .notSent)
        #expect(result.failure?.code == "no_capacity")
        #expect(provider.tasks.isEmpty)
        gate.leave()
        #expect(await setting.run(provider, gate: gate).failure == nil)
        #expect(gate.running == 0)
    }

    @Test func `the time spent in the queue counts`() async throws {
        let setting = try await Setting()
        let gate = ProviderGate(limit: 1)
        #expect(await gate.enter(team: 1, timeout: .seconds(1)))
        let provider = ScriptedProvider()
        let hasBegun = Locked(false)
        let result = Task {
            hasBegun.withLock { $0 = true }
            return await setting.run(provider, gate: gate, timeout: .seconds(10))
        }
        #expect(await eventually { hasBegun.withLock { $0 } })
        try await Task.sleep(for: .milliseconds(500))
        gate.leave()
        #expect(await result.value.failure == nil)
        let left = try #require(provider.tasks.first?.timeout)
        #expect(left < .milliseconds(9_900))
    }

    @Test func `a missing answer is asked for`() async throws {
        let setting = try await Setting()
        let provider = ScriptedProvider(recoveries: [.ended(ScriptedProvider.delivered(1, cost: sixCents))])
        let result = await setting.recover(provider, after: .connectionLost)
        #expect(result?.cost == sixCents)
        #expect(result?.providerTaskID == "g-1")
        #expect(provider.recovered.map(\.providerTaskID) == ["g-1"])
    }

    @Test func `a task that still runs is worth waiting for`() async throws {
        let setting = try await Setting()
        let provider = ScriptedProvider(
            recoveries: [Self.running(0), Self.running(0), .ended(ScriptedProvider.delivered(1))]
        )
        #expect(await setting.recover(provider, after: .garbled)?.images.count == 1)
        #expect(provider.recovered.count == 3)
    }

    @Test(arguments: [Recovery.unknown(), .absent, .untraceable, running(0, working: false)])
    func `what nobody can tell stays open`(_ recovery: Recovery) async throws {
        let setting = try await Setting()
        let provider = ScriptedProvider(recoveries: [recovery])
        #expect(await setting.recover(provider, after: .timeout)?.images == nil)
    }

    /// An error of the question is not the task's end: it is put again, at the pace that was asked for.
    @Test func `a question that was not answered is put again after the pause that was asked for`() async throws {
        for isOfAccount in [true, false] {
            let setting = try await Setting()
            let pause = AskingPause(.milliseconds(700), isOfAccount: isOfAccount)
            let provider = ScriptedProvider(
                recoveries: [.unknown(pause: pause), .ended(ScriptedProvider.delivered(1, cost: sixCents))]
            )
            let began = SteadyInstant.now
            #expect(await setting.recover(provider, after: .connectionLost)?.cost == sixCents)
            #expect(SteadyInstant.now.since(began) >= pause.duration)
        }
    }

    @Test func `a pause beyond our patience is kept by not asking again`() async throws {
        let setting = try await Setting()
        let provider = ScriptedProvider(recoveries: [.unknown(pause: AskingPause(.seconds(60), isOfAccount: true))])
        #expect(await setting.recover(provider, after: .connectionLost)?.images == nil)
        #expect(provider.recovered.count == 1)
        // Nor about another task of the account.
        #expect(await setting.recover(provider, after: .connectionLost)?.images == nil)
        #expect(provider.recovered.count == 1)
    }

    @Test func `polls keep to the pause that one of them was told`() async throws {
        let pause = AskingPause(.milliseconds(700), isOfAccount: false)
        let setting = try await Setting()
        let provider = ScriptedProvider(
            answers: [
                .accept(id: "g-1", polls: [.unknown(pause: pause), .ended(ScriptedProvider.delivered(1))])
            ]
        )
        let began = SteadyInstant.now
        let result = await setting.run(provider, gate: ProviderGate(limit: 1), timeout: .seconds(30))
        #expect(result.failure == nil && result.images.count == 1 && provider.polled.count == 2)
        #expect(SteadyInstant.now.since(began) >= pause.duration)
    }

    @Test func `polls that are not answered come less and less often`() async throws {
        let setting = try await Setting()
        let polls: [Recovery] = [.unknown(), .unknown(), .unknown(), .ended(ScriptedProvider.delivered(1))]
        let provider = ScriptedProvider(answers: [.accept(id: "g-1", polls: polls)])
        let began = SteadyInstant.now
        #expect(await setting.run(provider, timeout: .seconds(30)).images.count == 1)
        #expect(SteadyInstant.now.since(began) >= .milliseconds(250 + 500 + 1000))
        #expect(provider.polled.count == 4)
    }

    @Test func `a poll that is told to wait for longer than there is time leaves the end open, at once`() async throws {
        let pause = AskingPause(.seconds(60), isOfAccount: false)
        let setting = try await Setting()
        let provider = ScriptedProvider(answers: [.accept(id: "g-1", polls: [.unknown(pause: pause)])])
        let began = SteadyInstant.now
        let result = await setting.run(provider, gate: ProviderGate(limit: 1), timeout: .seconds(30))
        #expect(result.failure?.kind == .timeout && result.failure?.billing == .unknown)
        #expect(provider.polled.count == 1 && SteadyInstant.now.since(began) < .seconds(20))
    }

    @Test func `images that are there already are kept with the failure`() async throws {
        let setting = try await Setting(asked: 2)
        let provider = ScriptedProvider(recoveries: [Self.running(1, working: false)])
        let result = try #require(await setting.recover(provider, after: .connectionLost))
        #expect(result.images.count == 1)
        #expect(result.failure?.kind == .connectionLost)
    }

    @Test func `without time left nobody is asked`() async throws {
        let setting = try await Setting()
        let provider = ScriptedProvider(recoveries: [.ended(ScriptedProvider.delivered(1))])
        #expect(await setting.recover(provider, after: .garbled, timeLeft: .zero)?.images == nil)
        #expect(provider.recovered.isEmpty)
    }
}
