import EaselBase
import EaselConfiguration
import EaselCore
import Testing

/// What the text itself may look like; every fault is read at `Configuration.parse`, where people meet it.
struct YAMLTests {
    struct Case: CustomTestStringConvertible {
        let text: String
        let fault: String
        var testDescription: String { String(text.prefix(40).map { $0 == "\n" ? " " : $0 }) }
    }

    static let broken: [Case] = [
        Case(
            text: "listen: [a\nproviders: {}\n",
            fault: "2:10: is not valid YAML: did not find expected ',' or ']', while parsing a flow sequence"
                + " that begins on line 1"
        ),
        Case(
            text: "fetch:\n\ttimeout: 1s\n",
            fault: "2:1: is not valid YAML: found character that cannot start any token, while scanning for the next"
                + " token (indent with spaces, not with tabs)"
        ),
        Case(
            text: "listen: \":8080\"\nname: a\u{1}b\n",
            fault: "2:8: is not valid YAML: control characters are not allowed"
                + " (a character that a text file must not hold)"
        ),
        Case(
            text: "listen: \":1\"\n---\nlisten: \":2\"\n",
            fault: "2:1: holds a second document; a configuration is one, so remove this `---`"
        ),
        Case(text: "listen: *nowhere\n", fault: "1:9: refers to *nowhere, but no &nowhere stands before it"),
        Case(text: "a: &a [ *a ]\n", fault: "1:9: refers to *a, but no &a stands before it"),
        Case(
            text: "a: !!int 5\n",
            fault: "1:4: has a tag (`!...`), which a configuration has no use for; remove it"
        ),
        Case(text: "[a, b]: 1\n", fault: "1:1: has a key that is not plain text"),
        Case(text: "- a\n", fault: "1:1: wants settings as `key: value` lines"),
        Case(
            text: "a: " + String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
            fault: "1:35: nests more than 32 levels deep"
        ),
    ]

    @Test(arguments: broken)
    func `a text that is no document is one fault with its place`(_ row: Case) {
        #expect(Fixtures.faults(row.text) == [row.fault])
    }

    @Test
    func `aliases cannot grow beyond the limit`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...8 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(items)]\n"
        }
        let faults = Fixtures.faults(text)
        #expect(faults.count == 1 && faults[0].hasSuffix("holds more than 20000 values"))
    }

    @Test
    func `aliases cannot nest beyond the limit`() {
        var text = "a0: &a0 [x]\n"
        for level in 1...40 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(Fixtures.faults(text) == ["31:12: nests more than 32 levels deep"])
    }

    @Test
    func `a large text is refused before it is parsed`() {
        let text = "# " + String(repeating: "x", count: 300_000)
        #expect(Fixtures.faults(text) == ["1:1: is larger than 256 KiB, more than a configuration may be"])
    }

    @Test
    func `an alias stands for what it names`() throws {
        let configuration = try Fixtures.parse(
            """
            providers:
              one: { kind: runware, api_key: &key abc, timeout: &time 30s }
              two: { kind: runware, api_key: *key, timeout: *time }
            """
        )
        #expect(configuration.providers.map(\.timeout) == [.seconds(30), .seconds(30)])
        #expect(configuration.providers.map { $0.apiKey.reveal() } == ["abc", "abc"])
    }

    @Test
    func `a key that stands twice is a fault and the rest is read on`() {
        let text = """
            listen: 127.0.0.1:1
            providers:
              a: { kind: runware, api_key: x }
              a: { kind: runware, api_key: y }
            listen: 127.0.0.1:2
            fetch: { timeout: soon }
            """
        #expect(
            Fixtures.faults(text) == [
                "4:3: providers.a: is given a second time; keep this one or the one on line 3",
                "5:1: listen: is given a second time; keep this one or the one on line 1",
                "6:19: fetch.timeout: wants a duration such as 500ms, 30s, 5m, 1h or 7d, from 100ms to 10m,"
                    + " not \"soon\"",
            ]
        )
    }

    @Test
    func `columns count characters`() {
        #expect(
            Fixtures.faults(Fixtures.providers + "data_dir: \"äöü\" # ü\nlögging: {}\n").first?.hasPrefix(
                "5:1: lögging"
            )
                == true
        )
        #expect(
            Fixtures.faults(Fixtures.providers + "fetch: { \"ä\": 1 , timeot: 1s }\n") == [
                "4:10: fetch.ä: is not a known setting; remove it (known here: max_bytes, timeout, allow_networks)",
                "4:19: fetch.timeot: is not a known setting; did you mean timeout?",
            ]
        )
    }
}
