import EaselBase
import EaselCore
import TestKit
import Testing

@testable import EaselGateway

/// Requests under way are limited by the bytes that they hold (S4).
struct HeldBytesTests {
    @Test func `what is taken is given back, and never more than the limit is held`() {
        for seed in UInt64(0x0E5E_2801)...0x0E5E_2803 {
            var random = SeededRandom(seed: seed)
            var book = WeightBook(limit: 1000)
            var open: [(bytes: Int, team: Int64)] = []
            for _ in 0..<5000 {
                if Bool.random(using: &random), let index = open.indices.randomElement(using: &random) {
                    let share = open.remove(at: index)
                    book.give(share.bytes, team: share.team)
                } else {
                    let (bytes, team) = (
                        Int.random(in: 0...300, using: &random), Int64.random(in: 1...3, using: &random)
                    )
                    if book.take(bytes, team: team) == nil { open.append((bytes, team)) }
                }
                #expect(book.total == open.reduce(0) { $0 + $1.bytes } && book.total <= 1000, "seed \(seed)")
                for team in Int64(1)...3 {
                    let own = open.filter { $0.team == team }.reduce(0) { $0 + $1.bytes }
                    #expect((book.teams[team] ?? 0) == own && own <= 750, "seed \(seed)")
                }
            }
            for share in open { book.give(share.bytes, team: share.team) }
            #expect(book == WeightBook(limit: 1000), "seed \(seed)")
        }
    }

    @Test func `a team that floods leaves room for the others`() throws {
        let held = HeldBytes(limit: 1000)
        let first = try held.share(700, team: 1)
        let refused = #expect(throws: CallFailure.self) { try held.share(100, team: 1) }
        #expect(refused?.code == .rateLimited && refused?.retryAfter != nil)
        let second = try held.share(250, team: 2)
        let full = #expect(throws: CallFailure.self) { try held.share(100, team: 3) }
        #expect(full?.code == .unavailable && full?.retryAfter != nil)
        #expect(held.held == 950 && held.refusals == 2)
        withExtendedLifetime((first, second)) {}
    }

    @Test func `a share follows what its request holds and goes with it`() throws {
        let held = HeldBytes(limit: 1000)
        do {
            let share = try held.share(600, team: 1)
            try share.set(100)
            #expect(held.held == 100)
            try share.add(300)
            #expect(held.held == 400)
            #expect(throws: CallFailure.self) { try share.add(10_000) }
            #expect(held.held == 400)
            withExtendedLifetime(share) {}
        }
        #expect(held.held == 0)
    }

    @Test func `one request alone may hold what a body may`() throws {
        let held = HeldBytes(limit: 10)
        let share = try held.share(64, team: 1)
        #expect(held.held == 64)
        withExtendedLifetime(share) {}
    }
}

/// One request must not hold a loop: faults, fields and lists of a hostile body cost what its bytes cost.
struct HostileBodyTests {
    private func body(_ fields: Int) -> [UInt8] {
        Array(("{" + (0..<fields).map { "\"field_\($0)\":1" }.joined(separator: ",") + "}").utf8)
    }

    @Test func `unknown fields are named up to a number, and how many more there are`() throws {
        let read = try JSONDraft(body(2000))
        #expect(read.faults.count == FaultList.most + 1)
        #expect(read.faults.last?.message == "has 1950 more faults; mend these first")
        guard case .failure(let error) = RemixValidation.check(read.draft, known: read.faults) else {
            Issue.record("it passed")
            return
        }
        #expect(error.faults.count <= FaultList.most + 1)
    }

    @Test func `more fields than any request has end the reading`() {
        #expect(throws: JSONFault.tooMany(JSONDraft.limits.values)) { try JSONDraft(body(10_000)) }
        let nested = "{\"policy\":{\"a\":[" + String(repeating: "0,", count: 50_000) + "0]}}"
        #expect(throws: JSONFault.tooMany(JSONDraft.limits.values)) { try JSONDraft(Array(nested.utf8)) }
    }

    @Test func `a fault for each parameter costs the same, however many there are`() {
        func work(_ count: Int) -> Double {
            let known = (0..<count).map { RequestFault("field_\($0)", "is not a field of a remix request") }
            return (0..<3).map { _ in
                ProcessorTime.of { _ = RemixValidation.check(RemixDraft(), known: known) }
            }.min() ?? 0
        }
        _ = work(100)
        #expect(work(16_000) < 10 * work(4000) + 0.05)
    }

    @Test func `a problem writes out no more faults than anybody reads`() {
        let faults = (0..<10_000).map { RequestFault("f\($0)", "is wrong") }
        let problem = Problem.invalid(faults)
        #expect(problem.errors.count == FaultList.most + 1 && problem.detail.contains("10000 parameters"))
        #expect(problem.errors.last?.message.contains("9950") == true)
    }

    @Test func `texts that are far too long are not counted`() {
        var draft = RemixDraft()
        draft.model = "ideogram-4.0"
        draft.prompt = String(repeating: "e\u{301}", count: 300_000)
        draft.project = draft.prompt
        draft.negativePrompt = draft.prompt
        draft.tags = ["a": draft.prompt ?? ""]
        let known = draft
        #expect(ProcessorTime.of { _ = RemixValidation.check(known) } < 0.5)
        guard case .failure(let error) = RemixValidation.check(known) else { return }
        #expect(Set(error.faults.map(\.parameter)).isSuperset(of: ["prompt", "project", "tags"]))
    }

    @Test func `a form of look-alikes of its boundary is read once`() {
        let boundary = String(repeating: "-", count: 70)
        func work(_ count: Int) -> Double {
            let body = Array(String(repeating: "\r\n--" + boundary.dropLast(), count: count).utf8)
            return ProcessorTime.of { _ = try? MultipartParser.parse(body, boundary: boundary) }
        }
        _ = work(1000)
        #expect(work(8000) < 10 * work(2000) + 0.05)
    }
}
