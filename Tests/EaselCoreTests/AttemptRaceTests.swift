import EaselCore
import Testing

@Suite("AttemptMachine: a race of two providers")
struct AttemptRaceTests {
    private typealias Machine = AttemptMachine
    private typealias Result = AttemptMachine.RequestResult

    private func failed(_ kind: ProviderFailure.Kind) -> Result {
        Result(delivered: 0, failure: ProviderFailure(kind, code: "x", message: "x"))
    }

    @Test func `the second side wins while the first is at work`() {
        var machine = Machine(plan: Samples.plan())
        _ = machine.start()
        machine.hedged(lost: 0, nil, goingOnWith: 1)
        let action = machine.roundEnded([Result(delivered: 1)], elapsed: .seconds(1))
        #expect(action == .finish(.init(status: .succeeded, cause: .complete, retryAfter: nil)))
    }

    @Test func `a side that is at work is never asked again, and both count as attempts`() {
        var machine = Machine(plan: Samples.plan(attempts: 3))
        _ = machine.start()
        machine.hedged(lost: 0, nil, goingOnWith: 1)
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .seconds(1)) == .wait(.milliseconds(250)))
        #expect(machine.waited(elapsed: .seconds(2)) == .send(candidate: 1, counts: [1], duplicateRisk: true))
        let action = machine.roundEnded([failed(.unavailable)], elapsed: .seconds(3))
        #expect(action == .finish(.init(status: .failed, cause: .providersFailed, retryAfter: nil)))
    }

    @Test func `with on_unknown recover nobody is asked beside a side that may be charged`() {
        var machine = Machine(plan: Samples.plan(onUnknown: .recover))
        _ = machine.start()
        machine.hedged(lost: 0, nil, goingOnWith: 1)
        let action = machine.roundEnded([failed(.unavailable)], elapsed: .seconds(1))
        #expect(action == .finish(.init(status: .failed, cause: .providersFailed, retryAfter: nil)))
    }

    @Test func `both sides fail: the call goes on with what is left of its attempts`() {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [20, 20, 20], attempts: 3))
        _ = machine.start()
        machine.hedged(lost: 0, [failed(.unavailable)], goingOnWith: 1)
        let action = machine.roundEnded([failed(.unavailable)], elapsed: .seconds(1))
        #expect(action == .send(candidate: 2, counts: [1], duplicateRisk: true))
    }

    @Test func `a count is split so that no request asks for too many`() {
        #expect(Machine.split(10, 4) == [4, 4, 2] && Machine.split(8, 8) == [8] && Machine.split(3, 0) == [1, 1, 1])
    }
}
