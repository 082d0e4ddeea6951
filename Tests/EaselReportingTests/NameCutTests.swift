import EaselBase
import EaselReporting
import Testing

/// What a narrow table must not do: make two rows look the same, or leave out a figure's place.
struct NameCutTests {
    private func rows(_ width: Int, _ names: [String]) -> [String] {
        var table = TextTable([.text("Team"), .text("Model"), .number("Calls"), .number("Images", importance: 1)])
        for name in names { table.add(["a team with a long name", name, "1,234", "12"]) }
        let lines = table.render(TextStyle(width: width)).text.split(separator: "\n").map(String.init)
        return Array(lines.dropFirst(3).dropLast())
    }

    @Test(arguments: [20, 30, 36, 40, 50, 60])
    func `models stay apart at every width`(_ width: Int) {
        let models = ["ideogram-4.0", "ideogram-3.0", "ideogram-1.0"]
        #expect(Set(rows(width, models)).count == 3, "\(rows(width, models))")
    }

    @Test
    func `names that differ at their ends are cut inside, others at the end`() {
        #expect(rows(40, ["ideogram-4.0", "ideogram-3.0"]).allSatisfy { $0.contains("ideo…") })
        #expect(rows(40, ["spring campaign", "autumn campaign"])[0].contains("spring"))
        #expect(DisplayWidth.truncatedInside("ideogram-4.0", to: 8, ellipsis: "…") == "ideo…4.0")
        #expect(DisplayWidth.truncatedInside("ideogram-4.0", to: 12, ellipsis: "…") == "ideogram-4.0")
        #expect(DisplayWidth.truncatedInside("漢字漢字漢字", to: 6, ellipsis: "…") == "漢…字")
    }

    @Test
    func `random names that differ are never shown alike while anything can give way`() {
        let seed = UInt64.random(in: .min ... .max)
        var state = seed
        func next(_ bound: UInt64) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % bound)
        }
        for _ in 0..<200 {
            let stem = String(repeating: "a", count: 4 + next(8))
            let names = Set((0..<4).map { _ in stem + "\(next(1000))" + String(repeating: "z", count: next(4)) })
            var table = TextTable([.text("Name"), .number("Calls"), .number("Images", importance: 1)])
            for name in names { table.add([name, "1", "2"]) }
            let lines = table.render(TextStyle(width: 30 + next(20))).text.split(separator: "\n").dropFirst(3)
                .dropLast()
            #expect(Set(lines).count == names.count, "seed \(seed): \(names)")
        }
    }

    @Test
    func `what had no room is said in one way`() {
        var table = TextTable([.text("Name"), .number("Calls", importance: 1), .number("", importance: 2)])
        table.add(["a name", "1,234", "#####"])
        #expect(
            table.render(TextStyle(width: 12)).roomNote("--json has them") == "No room for: Calls (--json has them)"
        )
        #expect(table.render(TextStyle(width: 20)).roomNote("--json has them") == nil, "an image has no name")
    }

    @Test
    func `a fact is a number with its unit beside it, and has what it is without its own`() {
        let facts: [CSVFact] = [
            .figure("value"), .unit("value_unit", at: "value"), .money("limit_now_usd").or("limit_usd"),
            .words("warn_at"),
        ]
        let rows: [JSONValue] = [
            ["value": "50.0%", "limit_usd": "5", "warn_at": [50, 80]],
            ["value": "$1,012.50", "limit_usd": "5", "limit_now_usd": "7.5"], ["value": "no credit"],
            ["value": "+120%"],
        ]
        #expect(
            CSVFact.csv(facts, rows)
                == "value,value_unit,limit_now_usd,warn_at\r\n50,percent,5,50; 80\r\n1012.5,usd,7.5,\r\nno credit,,,\r\n"
                + "120,percent,,\r\n"
        )
    }

    @Test
    func `a plan without anybody says that the call is refused`() {
        let nobody: JSONValue = [
            "policy": "night", "bound_usd": "0", "attempts": 3, "deadline_ms": 1_800_000, "candidates": [],
            "dropped": [["provider": "runware", "cause": "max_cost", "reason": "it costs more"]],
        ]
        let lines = PlanText.lines(nobody, style: TextStyle(width: 80), width: 80)
        #expect(lines.first == "policy night: no provider can be asked, so the call fails")
        #expect(lines.contains { $0.contains("runware") && $0.contains("it costs more") })
        let one: JSONValue = [
            "policy": "night", "bound_usd": "0.6", "attempts": 1, "deadline_ms": 90_000,
            "candidates": [["provider": "runware", "bound_usd": "0.6", "reason": "first"]],
        ]
        #expect(
            PlanText.lines(one, style: TextStyle(width: 80), width: 80)[0].contains("at most $0.60, 1 attempt within")
        )
    }
}
