import EaselBase
import EaselConfiguration
import EaselCore
import Testing
import TestTools

/// Policies that strangers send: the work for a text grows with its size and with nothing else (S4). What is counted is what
/// comes out and how the work on four times the text compares, by the processor's time and with room to spare.
@Suite("Hostile policies")
struct HostilePolicyTests {
    private let reader = InlinePolicies(
        providers: ["runware", "ideogram"],
        policies: PolicyBook(policies: ["cheapest": Policy(name: "cheapest", ordering: .cost)], defaultName: "cheapest")
    )

    private func faults(_ text: String) -> [RequestFault] {
        guard case .failure(let error) = reader.document(text, file: "policy") else { return [] }
        return error.faults
    }

    private static func unknownKeys(_ count: Int) -> String {
        "order: [runware]\n" + (0..<count).map { "unknown_key_number_\($0): x\n" }.joined()
    }

    private static func strangers(_ count: Int) -> String {
        "order: [" + (0..<count).map { "runwarf\($0)" }.joined(separator: ", ") + "]"
    }

    private static func repeated(_ count: Int) -> String {
        "order: [" + String(repeating: "runware, ", count: count) + "ideogram]"
    }

    private static func cases(_ count: Int) -> String {
        "when:\n" + (0..<count).map { "  - { match: { team: t\($0) }, use: nobody\($0) }\n" }.joined()
    }

    private static func chain(_ count: Int) -> String {
        "routing:\n  default: p0\n  policies:\n"
            + (0..<count).map { "    p\($0): { when: [], otherwise: p\($0 + 1) }\n" }.joined()
            + "    p\(count): { order: [runware] }\n"
    }

    private static func tags(_ count: Int) -> String {
        "when:\n  - match: { tag: { " + (0..<count).map { "t\($0): [a, b]" }.joined(separator: ", ")
            + " } }\n    use: cheapest\n"
    }

    static let texts: [@Sendable (Int) -> String] = [unknownKeys, strangers, repeated, cases, chain, tags]

    @Test(arguments: texts.indices)
    func `no more faults are named than anybody reads, and how many there are`(index: Int) {
        let faults = faults(Self.texts[index](400))
        #expect(faults.count <= FaultList.most)
        if index < 4 { #expect(faults.last?.message.contains("more faults") == true, "\(faults.last?.message ?? "")") }
    }

    @Test(arguments: texts.indices)
    func `four times the text is not much more than four times the work`(index: Int) {
        let (small, large) = (Self.texts[index](200), Self.texts[index](800))
        _ = faults(small)
        func work(_ text: String) -> Double {
            (0..<3).map { _ in ProcessorTime.of { _ = faults(text) } }.min() ?? 0
        }
        // Quadratic work is sixteen times as much, and takes seconds besides.
        #expect(work(large) < 10 * work(small) + 0.05)
    }

    @Test func `guesses are made for the first few names only`() {
        let faults = faults("prefer: cost\n" + (0..<40).map { "ordr\($0): x\n" }.joined())
        #expect(faults.count { $0.message.contains("did you mean") } <= 20)
    }

    @Test func `a key of many bytes is refused, and so are too many policies and cases`() {
        let long = faults("\(String(repeating: "k", count: 500)): { a: 1 }")
        #expect(long.count == 1 && long[0].message.contains("key of more than 256 bytes"))
        #expect(faults(Self.chain(300)).contains { $0.message.contains("there may be 200") })
        let cases = "when:\n" + String(repeating: "  - { match: { team: t }, use: cheapest }\n", count: 600)
        #expect(faults(cases).contains { $0.message.contains("one case too many") })
    }

    @Test func `a circle is still found, and told once`() {
        let text = """
            routing:
              default: a
              policies:
                a: { when: [], otherwise: b }
                b: { when: [], otherwise: c }
                c: { when: [], otherwise: b }
                d: { when: [], otherwise: d }
            """
        let circles = faults(text).filter { $0.message.contains("leads back to itself") }
        #expect(circles.count == 2)
        #expect(circles[0].message.contains("b > c > b") && circles[1].message.contains("d > d"))
    }

    @Test func `a laughing billion stays a few values`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
        }
        let faults = faults(text)
        #expect(faults.count == 1 && faults[0].message.contains("holds more than"))
        #expect(ProcessorTime.of { _ = self.faults(text) } < 2)
    }

    @Test(arguments: ["[", "{a: ", "- ", "? ", "&a [", "!!seq [", "\"", "'", "|", "#", "a: b: "])
    func `a text of one sign over and over is refused soon`(sign: String) {
        let text = String(repeating: sign, count: 60_000 / sign.utf8.count)
        #expect(ProcessorTime.of { _ = faults(text) } < 5)
    }
}
