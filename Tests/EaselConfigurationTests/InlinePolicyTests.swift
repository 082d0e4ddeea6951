import EaselBase
import EaselConfiguration
import EaselCore
import Testing

@Suite("Policies from callers")
struct InlinePolicyTests {
    private let reader = InlinePolicies(
        providers: ["runware", "ideogram"],
        policies: PolicyBook(policies: ["cheapest": Policy(name: "cheapest", ordering: .cost)], defaultName: "cheapest")
    )

    private func faults(_ value: JSONValue) -> [RequestFault] {
        guard case .failure(let error) = reader.inline(value) else { return [] }
        return error.faults
    }

    @Test func `an inline policy has the words of the configuration`() throws {
        let policy = try reader.inline([
            "order": ["ideogram", "runware"], "attempts": 2, "max_cost_usd": "0.20", "deadline": "90s",
            "require": ["copyright_detection"], "canary": ["provider": "runware", "share": "5%"],
        ]).get()
        var expected = Policy(
            name: "inline",
            ordering: .order(["ideogram", "runware"]),
            require: [.copyrightDetection],
            attempts: 2,
            maxCost: Money(usd: "0.2"),
            deadline: .seconds(90)
        )
        expected.canary = Policy.Canary(provider: "runware", share: Share("5%")!)
        #expect(policy == .plain(expected))
        let cases = try reader.inline(["when": [["match": ["count": 3], "use": "cheapest"]], "otherwise": "cheapest"])
            .get()
        #expect(cases.plain == nil)
    }

    @Test func `faults name the key below policy, all at once`() {
        let found = Set(faults(["order": ["runwar"], "attempts": 99, "colour": "blue"]).map(\.parameter))
        #expect(found == ["policy.order[0]", "policy.attempts", "policy.colour"])
        #expect(faults(["use": "cheapest"]).count == 2)
        let shadow: JSONValue = ["provider": "runware", "sample": "1%", "budget": "$1/day"]
        #expect(faults(["order": ["ideogram"], "shadow": shadow]).map(\.parameter) == ["policy.shadow"])
        #expect(faults([:]).first?.message.hasPrefix("does not say how to choose") == true)
    }

    @Test func `nothing is expanded from the environment (S2)`() {
        let found = faults(["order": ["${HOME}"], "max_cost_usd": "${PATH}"])
        #expect(found.count == 2)
        #expect(found.allSatisfy { !$0.message.contains("/") || $0.message.contains("${") })
    }

    @Test func `what is too large or too deep is refused`() {
        var deep: JSONValue = ["order": ["runware"]]
        for _ in 0..<20 { deep = ["otherwise": deep] }
        #expect(faults(deep) == [RequestFault("policy", "is too large or nests too deeply")])
        #expect(!faults(["order": .array((0..<3000).map { .string("p\($0)") })]).isEmpty)
        var cases: JSONValue = ["order": ["runware"]]
        for _ in 0..<5 { cases = ["when": [], "otherwise": cases] }
        #expect(faults(cases).first?.message.contains("nests cases more than") == true)
    }

    @Test func `a text is one policy or a section routing, and faults name the line`() throws {
        let single = try reader.document("order: [ideogram]\nattempts: 1\n", file: "p.yaml").get()
        #expect(single.defaultName == "inline" && single[nil]?.plain?.ordering == .order(["ideogram"]))
        let text =
            "listen: :8080\nrouting:\n  default: b\n  policies:\n    a: { prefer: cost }\n    b: { prefer: latency }\n"
        let book = try reader.document(text, file: "easel.yaml").get()
        #expect(book.defaultName == "b" && book.policies.count == 2)
        for (text, expected) in [
            ("order:\n  - openai\n", "p.yaml:2:5: order[0]: names no provider"), ("- a\n", "p.yaml:1:1: "),
            ("order: [runware", "p.yaml:"), ("", "p.yaml:1:1: does not say how to choose"),
            ("routing:\n  policies: { a: { prefer: x } }\n", "p.yaml:2:28: routing.policies.a.prefer: wants one of"),
        ] {
            guard case .failure(let error) = reader.document(text, file: "p.yaml") else {
                Issue.record("\(text) was taken")
                continue
            }
            #expect(error.faults[0].message.hasPrefix(expected), "\(error.faults)")
        }
    }
}
