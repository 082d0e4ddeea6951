import EaselBase
import EaselReporting
import Foundation
import Testing

struct RenderingTests {
    private func table(_ style: TextStyle) -> TextTable.Rendering {
        var table = TextTable([
            .text("Name"), .number("Calls"), .number("Failed", importance: 2), .number("Cost", importance: 1),
        ])
        table.add(["a name of some length", "1,234", "5", "10.00*"])
        table.add(["猫 cat", "7", "0", "0.50 "], .sub(last: false))
        table.add(["e\u{301}", "8", "0", "–"], .sub(last: true))
        table.add(["TOTAL", "1,249", "5", "10.50*"], .total)
        return table.render(style)
    }

    @Test
    func `a table with room is a whole box`() {
        #expect(
            table(TextStyle(width: 80)).text == """
                ┌───────────────────────┬───────┬────────┬────────┐
                │ Name                  │ Calls │ Failed │   Cost │
                ├───────────────────────┼───────┼────────┼────────┤
                │ a name of some length │ 1,234 │      5 │ 10.00* │
                │  ├─ 猫 cat            │     7 │      0 │  0.50  │
                │  └─ e\u{301}                 │     8 │      0 │      – │
                ├───────────────────────┼───────┼────────┼────────┤
                │ TOTAL                 │ 1,249 │      5 │ 10.50* │
                └───────────────────────┴───────┴────────┴────────┘

                """
        )
    }

    @Test
    func `a narrow table shortens names first and then leaves columns out`() {
        let shortened = table(TextStyle(width: 40))
        #expect(shortened.hidden.isEmpty)
        #expect(shortened.text.contains("│ a name of… │ 1,234 │      5 │ 10.00* │"))
        let narrow = table(TextStyle(width: 32))
        #expect(narrow.hidden == ["Failed"])
        #expect(narrow.text.contains("│ a name of … │ 1,234 │ 10.00* │"))
        let tiny = table(TextStyle(width: 10))
        #expect(tiny.hidden == ["Failed", "Cost"] && tiny.text.contains("│ a name … │ 1,234 │"))
    }

    @Test(arguments: 20...90)
    func `every line is as wide as the first and fits`(_ width: Int) {
        let lines = table(TextStyle(width: width)).text.split(separator: "\n")
        let widths = Set(lines.map { DisplayWidth.of($0) })
        #expect(widths.count == 1 && (widths.first ?? 999) <= max(width, 20))
    }

    @Test
    func `without UTF-8 a table is plain ASCII`() {
        let text = table(TextStyle(width: 40, unicode: false)).text
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
        #expect(text.contains("+------------+") && text.contains("|  |- ? cat  |") && text.contains("| a name o.. |"))
    }

    @Test
    func `colours do not change the layout`() {
        let coloured = table(TextStyle(width: 50, colour: true)).text
        #expect(coloured.contains("\u{1B}[1mTOTAL\u{1B}[0m"))
        #expect(coloured.replacing(#/\u{1B}\[[0-9]+m/#, with: "") == table(TextStyle(width: 50)).text)
    }

    @Test
    func `a cell cannot send commands to the terminal`() {
        var table = TextTable([.text("Team")])
        table.add(["a\u{1B}[2Jb\u{202E}c\r\nd"])
        let text = table.render(TextStyle()).text
        #expect(text.contains("│ a\\u001b[2Jb\\u202ec\\r\\nd │"))
        #expect(!text.contains("\u{1B}"))
    }

    @Test(
        arguments: [
            ("", 0), ("abc", 3), ("äö", 2), ("e\u{301}", 1), ("漢字", 4), ("한", 2), ("ｱ", 1), ("Ａ", 2), ("🐈", 2),
            ("👩‍👩‍👧", 2),
            ("🇩🇪", 2), ("❤️", 2), ("–…│", 3),
        ]
    )
    func `columns are counted as a terminal shows them`(_ text: String, _ columns: Int) {
        #expect(DisplayWidth.of(text) == columns)
    }

    @Test
    func `a cut text fits even where a wide character straddles the edge`() {
        #expect(DisplayWidth.truncated("漢字漢字", to: 6, ellipsis: "…") == "漢字…")
        #expect(DisplayWidth.truncated("漢字", to: 4, ellipsis: "…") == "漢字")
    }

    @Test
    func `CSV quotes what needs it and disarms formulas`() {
        var writer = CSVWriter()
        writer.head(["plain", "with,comma", "with \"quotes\"", "two\r\nlines", " space", ""])
        writer.write(["=HYPERLINK(\"x\")", "-0.5", "-5", "@x", "+1", "-x"].map { .text($0) })
        #expect(
            writer.text
                == "plain,\"with,comma\",\"with \"\"quotes\"\"\",\"two\r\nlines\",\" space\",\r\n"
                + "\"'=HYPERLINK(\"\"x\"\")\",-0.5,-5,'@x,+1,'-x\r\n"
        )
        var other = CSVWriter()
        other.write([.text("\tx"), .text("\rx"), .text("\n=1"), .text("＝1+1"), .text("a=1")])
        #expect(other.text == "'\tx,\"'\rx\",\"'\n=1\",'＝1+1,a=1\r\n")
    }

    @Test
    func `CSV says figures as they are, and nothing else`() throws {
        var writer = CSVWriter()
        let moment = try #require(Timestamp("2026-11-30T00:00:48.5Z"))
        writer.write([
            .money(Money(nanodollars: -60_000_000)), .money(Money(nanodollars: 1_234_567_890_123_456_789)),
            .integer(-3),
            .rounded(-0.25, places: 6), .rounded(.nan, places: 3), .flag(true), .time(moment), .none, .money(nil),
        ])
        #expect(
            writer.text == "-0.06,1234567890.123456789,-3,-0.25,,true,\(moment.description),,\r\n"
        )
        #expect(Timestamp(moment.description) == moment)
    }

    @Test
    func `a list's CSV is what its JSON says, each fact by itself`() throws {
        let facts: [CSVFact] = [
            .value("name"), .money("cost_usd"), .value("cost_basis"), .time("at"), .words("to"), .value("flag"),
            .value("deep", at: "in", "deep"), .size("parts"), .value("tags"),
        ]
        let rows = try JSON.decode(
            [JSONValue].self,
            from: Array(
                #"""
                [{"name":"=1+1","cost_usd":"0.06","cost_basis":"price_book","at":"2026-11-30T00:00:48Z","to":["a","b"],
                  "flag":false,"in":{"deep":-1.5},"parts":[1,2],"tags":{"a":"b"}}, {"cost_usd":null,"at":"soon"}]
                """#.utf8
            )
        )
        let at = try #require(Timestamp("2026-11-30T00:00:48Z")).description
        #expect(
            CSVFact.csv(facts, rows)
                == "name,cost_usd,cost_basis,at,to,flag,deep,parts,tags\r\n"
                + "'=1+1,0.06,price_book,\(at),a; b,false,-1.5,2,\"{\"\"a\"\":\"\"b\"\"}\"\r\n" + ",,,soon,,,,,\r\n"
        )
    }

    struct TerminalCase: Sendable {
        let environment: [String: String]
        let isTerminal: Bool
        let wanted: TextStyle
    }

    static let terminals = [
        TerminalCase(
            environment: ["LANG": "de_DE.UTF-8", "TERM": "xterm"],
            isTerminal: true,
            wanted: TextStyle(width: 132, unicode: true, colour: true)
        ),
        TerminalCase(
            environment: ["LANG": "en_US.utf8", "NO_COLOR": "1"],
            isTerminal: true,
            wanted: TextStyle(width: 132, unicode: true, colour: false)
        ),
        TerminalCase(
            environment: ["LC_ALL": "C", "LANG": "de_DE.UTF-8", "TERM": "dumb", "COLUMNS": "70"],
            isTerminal: true,
            wanted: TextStyle(width: 70, unicode: false, colour: false)
        ),
        TerminalCase(
            environment: ["LC_ALL": "", "LC_CTYPE": "C.UTF-8", "NO_COLOR": "", "COLUMNS": "-1"],
            isTerminal: true,
            wanted: TextStyle(width: 132, unicode: true, colour: true)
        ),
    ]

    @Test(arguments: terminals)
    func `a terminal's look follows its environment`(_ row: TerminalCase) {
        let terminal = Terminal(isTerminal: row.isTerminal, measuredWidth: 132, environment: row.environment)
        #expect(terminal.style == row.wanted)
    }

    @Test
    func `a pipe has no colours, no width and no progress line`() async throws {
        let pipe = Pipe()
        let terminal = Terminal.of(pipe.fileHandleForWriting, environment: ["LANG": "C.UTF-8", "TERM": "xterm"])
        #expect(terminal.style == TextStyle(width: nil, unicode: true, colour: false))
        let written = Locked("")
        let progress = ProgressLine(terminal) { text in written.withLock { $0 += text } }
        let answer = await progress.during("working") { _ in 42 }
        #expect(answer == 42 && written.withLock { $0 }.isEmpty)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a progress line shows what goes on and is gone at the end`() async throws {
        let environment = ["LANG": "C.UTF-8", "TERM": "xterm"]
        let terminal = Terminal(isTerminal: true, measuredWidth: 20, environment: environment)
        let written = Locked<[String]>([])
        let progress = ProgressLine(terminal, interval: .milliseconds(1)) { text in written.withLock { $0.append(text) }
        }
        await progress.during("first") { line in
            while written.withLock({ $0.isEmpty }) { await Task.yield() }
            line.update("a label that is much too long for it")
            while !written.withLock({ $0.contains { $0.contains("label") } }) { await Task.yield() }
        }
        let frames = written.withLock { $0 }
        // On a busy machine the first frame may be a second or two late.
        #expect(frames.first?.hasPrefix("\r⠋ first  ") == true && frames.first?.hasSuffix(" s\u{1B}[K") == true)
        #expect(frames.contains { $0.contains(" a label that is") })
        #expect(frames.last == "\r\u{1B}[K" && frames.count(where: { $0 == "\r\u{1B}[K" }) == 1)
    }
}
