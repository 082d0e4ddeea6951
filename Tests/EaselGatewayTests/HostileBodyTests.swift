import EaselBase
import EaselCore
import Testing
import TestTools

@testable import EaselGateway

/// One request must not hold a loop: faults, fields and lists of a hostile body cost what its bytes cost.
struct HostileBodyTests {
    private func body(_ fields: Int) -> [UInt8] {
        Array(("{" + (0..<fields).map { "\"field_\($0)\":1" }.joined(separator: ",") + "}").utf8)
    }

    @Test func `unknown fields are named up to a number, and how many more there are`() throws {
        let read = try JSONDraft(body(2000))
        #expect(read.faults.count == FaultList.most + 1)
        #expect(read.faults.last?.message == "has 1950 more faults; fix these first")
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
