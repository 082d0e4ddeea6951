import EaselBase
import Testing
import TestTools

@testable import EaselServer
@testable import EaselTransport

/// Random connections: bodies in random pieces, handlers that read slowly, in part or never, answers that come
/// early or leave slowly, pipelined requests, clients that end their direction. Nobody waits for ever, nothing piles up.
@Suite(.timeLimit(.minutes(5))) struct ConnectionFlowPropertyTests {
    @Test func `whatever comes in whatever order, every request is answered and little is held`() async throws {
        let seed = UInt64.random(in: .min ... .max)
        let found = try await onThread { () -> String? in
            for round in 0..<Effort.cases(100_000) {
                var generator = SeededRandom(seed: seed &+ UInt64(round))
                var scene = FlowScene(&generator)
                guard let fault = scene.run(&generator) else { continue }
                // Once more, and written down.
                generator = SeededRandom(seed: seed &+ UInt64(round))
                var again = FlowScene(&generator)
                again.isTraced = true
                _ = again.run(&generator)
                return "seed \(seed), round \(round): \(fault)\n\(again.trace.suffix(40).joined(separator: "\n"))"
            }
            return nil
        }
        #expect(found == nil)
    }
}

/// A client, a kernel's buffer, a connection's flow and its handlers, moved by chance.
private struct FlowScene {
    private struct Order {
        let head: Int
        let body: Int
        let reading: Reading
        let closes: Bool
        let awaitsContinue: Bool
    }

    private enum Reading: CaseIterable {
        case all, some, never
    }

    private static let limits = ConnectionFlow.Limits(unreadBody: 40, pending: 24)
    private static let mostOfARead = 16

    private let orders: [Order]
    private let endsInput: Bool
    private var flow = ConnectionFlow(limits: FlowScene.limits)
    var isTraced = false
    private(set) var trace: [String] = []

    // The client.
    private var unsent: Int
    private var sentEnd = false
    private let pipelines: Bool
    private var mayContinue = true
    // The kernel.
    private var wire = 0
    // The parser: what is left of the present request's head and body.
    private var number = 0
    private var headLeft: Int
    private var bodyLeft = 0
    private var pendingBytes = 0
    // The handler.
    private var isHandling = false
    private var unread = 0
    private var taken = 0
    private var isFull = false
    private var caughtUp: [Int] = []
    // The answer.
    private var isWriting = false
    private var answers = 0
    private var isClosed = false
    private var now: UInt64 = 0

    init(_ generator: inout SeededRandom) {
        let count = Int.random(in: 1...4, using: &generator)
        let lastCloses = Bool.random(using: &generator)
        orders = (0..<count).map { index in
            let body = Bool.random(using: &generator) ? 0 : Int.random(in: 1...150, using: &generator)
            return Order(
                head: Int.random(in: 1...12, using: &generator),
                body: body,
                reading: Reading.allCases.randomElement(using: &generator) ?? .all,
                closes: index == count - 1 && lastCloses,
                awaitsContinue: body > 0 && Int.random(in: 0..<8, using: &generator) == 0
            )
        }
        endsInput = Bool.random(using: &generator)
        pipelines = Bool.random(using: &generator)
        unsent = orders[0].head + (orders[0].awaitsContinue ? 0 : orders[0].body)
        headLeft = orders[0].head
        if pipelines { unsent = orders.reduce(0) { $0 + $1.head + $1.body } }
    }

    private enum Move: CaseIterable {
        case send, read, take, answer, write, notice, end
    }

    mutating func run(_ generator: inout SeededRandom) -> String? {
        for _ in 0..<4000 {
            now += UInt64.random(in: 0...3, using: &generator)
            guard let move = randomMove(&generator) else { return verdict() }
            if let fault = make(move, &generator) { return fault }
            if unread > Self.limits.unreadBody + Self.mostOfARead { return "\(unread) bytes of a body are held" }
            if pendingBytes > Self.limits.pending + Self.mostOfARead { return "\(pendingBytes) bytes are pending" }
            if pendingBytes != flow.pending { return "the flow counts \(flow.pending) pending, not \(pendingBytes)" }
        }
        return "it does not come to an end"
    }

    private func randomMove(_ generator: inout SeededRandom) -> Move? {
        var count: UInt64 = 0
        var chosen: Move?
        for move in Move.allCases where can(move) {
            count += 1
            if generator.next() % count == 0 { chosen = move }
        }
        return chosen
    }

    private func can(_ move: Move) -> Bool {
        if isClosed { return false }
        switch move {
        case .send: return unsent > 0 && wire < 32
        case .read: return flow.reads && (wire > 0 || sentEnd && !flow.inputEnded)
        case .take: return isHandling && unread > 0 && orders[number].reading != .never
        case .answer: return isHandling && mayAnswer
        case .write: return isWriting
        case .notice: return !caughtUp.isEmpty
        case .end: return endsInput && !sentEnd && unsent == 0 && pipelines
        }
    }

    /// A handler that reads all answers when it has all, or when it learns that no more will come.
    private var mayAnswer: Bool {
        switch orders[number].reading {
        case .never: true
        case .some: taken > 0 || orders[number].body == 0 || flow.inputEnded
        case .all: taken == orders[number].body || flow.inputEnded && unread == 0 && !flow.isWhole
        }
    }

    private mutating func make(_ move: Move, _ generator: inout SeededRandom) -> String? {
        if isTraced { trace.append("\(move) \(flow.phase) wire \(wire) unread \(unread) pending \(pendingBytes)") }
        switch move {
        case .send:
            let count = Int.random(in: 1...min(unsent, 32), using: &generator)
            unsent -= count
            wire += count
        case .end: sentEnd = true
        case .read:
            if wire == 0 {
                if flow.inputEndedInOrder() { close() }
            } else {
                let count = Int.random(in: 1...min(wire, Self.mostOfARead), using: &generator)
                wire -= count
                if flow.parses { return parse(count) }
                if flow.keeps { keep(count) }
            }
        case .take:
            if flow.bodyWanted(of: number + 1) { return "100 was wanted after bytes had come" }
            taken += unread
            unread = 0
            if isFull {
                isFull = false
                caughtUp.append(number + 1)
            }
        case .notice: flow.bodyTaken(of: caughtUp.removeFirst(), now: now)
        case .answer:
            isHandling = false
            unread = 0
            isFull = false
            flow.answerBegan(closes: orders[number].closes)
            isWriting = true
        case .write: return written()
        }
        return nil
    }

    private mutating func keep(_ count: Int) {
        pendingBytes += count
        flow.kept(count)
    }

    /// As the connection does with its parser: one request, what is behind it is kept.
    private mutating func parse(_ bytes: Int) -> String? {
        var left = bytes
        flow.headBegan()
        if headLeft > 0 {
            let count = min(left, headLeft)
            headLeft -= count
            left -= count
            guard headLeft == 0 else { return nil }
            guard number < orders.count else { return "bytes after the last request" }
            let order = orders[number]
            flow.requestBegan(
                hasBody: order.body > 0,
                keepsAlive: true,
                awaitsContinue: order.awaitsContinue && !pipelines,
                bodyDueAt: now + 100
            )
            bodyLeft = order.body
            isHandling = true
            taken = 0
            if order.awaitsContinue, !pipelines, flow.bodyWanted(of: number + 1) { unsent += order.body }
        }
        if bodyLeft > 0, left > 0 {
            let count = min(left, bodyLeft)
            bodyLeft -= count
            left -= count
            unread += count
            isFull = unread >= Self.limits.unreadBody
            flow.bodyArrived(isFull: isFull, now: now)
        }
        guard bodyLeft == 0, headLeft == 0 else { return nil }
        flow.requestEnded()
        keep(left)
        return nil
    }

    private mutating func written() -> String? {
        isWriting = false
        answers += 1
        switch flow.answered() {
        case .close, .linger:
            close()
            return nil
        case .read: break
        }
        number += 1
        if number < orders.count {
            headLeft = orders[number].head
            if !pipelines { unsent += headLeft + (orders[number].awaitsContinue ? 0 : orders[number].body) }
        } else {
            headLeft = .max
        }
        let bytes = pendingBytes
        pendingBytes = 0
        flow.tookPending()
        if bytes > 0, let fault = parse(bytes) { return fault }
        if flow.isFinished { close() }
        return nil
    }

    private mutating func close() {
        isClosed = true
        flow.closed()
        pendingBytes = 0
        unread = 0
    }

    /// Nothing can happen any more: it had better be the end.
    private func verdict() -> String? {
        if isClosed {
            // Who is not read to the end, or asks for it, is closed after its answer; who ends its input after its last.
            if answers == 0 { return "closed without an answer" }
            let isWhole = answers == orders.count
            return isWhole || orders[answers - 1].reading != .all || orders[answers - 1].closes
                ? nil : "closed too early"
        }
        guard answers == orders.count else { return "request \(number) is never answered" }
        return flow.reads ? nil : "the connection is deaf after \(answers) answers"
    }
}
