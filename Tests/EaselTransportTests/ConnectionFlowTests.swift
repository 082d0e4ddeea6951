import EaselBase
import Testing

@testable import EaselServer
@testable import EaselTransport

/// A connection whose socket is paused for a reason reads on when the reason is gone.
struct ConnectionFlowTests {
    private static func handling(whole: Bool = false) -> ConnectionFlow {
        var flow = ConnectionFlow()
        flow.headBegan()
        flow.requestBegan(hasBody: true, keepsAlive: true, awaitsContinue: false, bodyDueAt: 1000)
        if whole { flow.requestEnded() }
        return flow
    }

    @Test func `a request that becomes whole while it is held up does not leave the connection deaf`() {
        var flow = Self.handling()
        flow.bodyArrived(isFull: true, now: 10)
        #expect(!flow.reads)
        flow.requestEnded()
        // The handler takes the rest only now: nothing is awaited of it any more.
        flow.bodyTaken(of: 1, now: 20)
        flow.answerBegan(closes: false)
        let next = flow.answered()
        #expect(next == .read)
        #expect(flow.reads && flow.parses)
    }

    @Test func `a request that is held up says nothing about the next one's time`() {
        var flow = Self.handling()
        flow.bodyArrived(isFull: true, now: 10)
        #expect(flow.bodyTimeLeft(now: 500) == nil)
        flow.requestEnded()
        flow.answerBegan(closes: false)
        let next = flow.answered()
        #expect(next == .read)
        flow.requestBegan(hasBody: true, keepsAlive: true, awaitsContinue: false, bodyDueAt: 2000)
        #expect(flow.bodyTimeLeft(now: 1500) == 500)
    }

    @Test func `time in which the handler does not read is not the client's`() {
        var flow = Self.handling()
        flow.bodyArrived(isFull: true, now: 100)
        flow.bodyTaken(of: 1, now: 700)
        #expect(flow.bodyTimeLeft(now: 700) == 900)
        #expect(flow.bodyTimeLeft(now: 1600) == 0)
    }

    @Test func `the reader of an earlier request does not move the present one`() {
        var flow = Self.handling(whole: true)
        flow.answerBegan(closes: false)
        let next = flow.answered()
        #expect(next == .read)
        flow.requestBegan(hasBody: true, keepsAlive: true, awaitsContinue: true, bodyDueAt: 2000)
        let isTold = flow.bodyWanted(of: 1)
        #expect(!isTold)
        flow.bodyArrived(isFull: true, now: 0)
        flow.bodyTaken(of: 1, now: 5)
        #expect(!flow.reads)
        flow.bodyTaken(of: 2, now: 5)
        #expect(flow.reads)
    }

    @Test func `what comes behind a request is bounded`() {
        var flow = Self.handling(whole: true)
        flow.kept(64 << 10)
        #expect(flow.reads)
        flow.kept(1)
        #expect(!flow.reads)
        flow.answerBegan(closes: false)
        #expect(!flow.reads)
        let next = flow.answered()
        #expect(next == .read)
        flow.tookPending()
        #expect(flow.reads)
    }

    @Test func `the rest of a request that is answered early is read and thrown away`() {
        var flow = Self.handling()
        flow.bodyArrived(isFull: true, now: 0)
        #expect(!flow.reads)
        // Otherwise neither side would go on: we write, the client sends first and reads later.
        flow.answerBegan(closes: false)
        #expect(flow.reads && !flow.parses && !flow.keeps && !flow.keepsAlive)
        let next = flow.answered()
        #expect(next == .linger)
        #expect(flow.reads)
    }

    @Test func `broken framing is not read on until it is answered`() {
        var flow = Self.handling()
        flow.framingBroke()
        #expect(!flow.reads && !flow.parses)
        flow.answerBegan(closes: false)
        let next = flow.answered()
        #expect(next == .linger)
    }

    @Test func `a client that has ended its direction gets all its answers`() {
        var flow = Self.handling(whole: true)
        flow.kept(40)
        let isTold = flow.inputEndedInOrder()
        #expect(!isTold)
        #expect(flow.mayHaveLeft)
        flow.answerBegan(closes: false)
        #expect(flow.keepsAlive, "another request may be pending")
        let next = flow.answered()
        #expect(next == .read)
        flow.tookPending()
        flow.requestBegan(hasBody: false, keepsAlive: true, awaitsContinue: false, bodyDueAt: 0)
        flow.requestEnded()
        flow.answerBegan(closes: false)
        #expect(!flow.keepsAlive, "nothing more can come")
        let nextAfter = flow.answered()
        #expect(nextAfter == .close)
    }

    @Test func `one that ends its direction between requests, or within a head, is done`() {
        var idle = ConnectionFlow()
        let isTold = idle.inputEndedInOrder()
        #expect(isTold)
        var head = ConnectionFlow()
        head.headBegan()
        let isToldAgain = head.inputEndedInOrder()
        #expect(isToldAgain)
    }
}
