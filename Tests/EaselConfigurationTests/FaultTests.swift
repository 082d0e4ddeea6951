import EaselConfiguration
import Testing

/// One setting at a time, each wrong in one way: place and sentence are part of what people rely on.
struct FaultTests {
    struct Case: CustomTestStringConvertible {
        let text: String
        let faults: [String]
        var testDescription: String { String(text.prefix(60).map { $0 == "\n" ? " " : $0 }) }

        init(_ text: String, _ faults: String...) {
            self.text = text
            self.faults = faults
        }
    }

    /// These stand below `Fixtures.providers`, so they begin on line 4.
    static let belowProviders: [Case] = [
        Case("listem: a", "4:1: listem: is not a known setting; did you mean listen?"),
        Case("listen:", "4:1: listen: has no value; give it one or remove the line"),
        Case(
            "listen: 8080",
            "4:9: listen: wants ADDRESS:PORT such as 127.0.0.1:8080, [::1]:8080 or :8080, not \"8080\""
        ),
        Case(
            "listen: ::1:8080",
            "4:9: listen: wants ADDRESS:PORT such as 127.0.0.1:8080, [::1]:8080 or :8080, not \"::1:8080\""
        ),
        Case(
            "listen: 1.2.3.4:65536",
            "4:9: listen: wants ADDRESS:PORT such as 127.0.0.1:8080, [::1]:8080 or :8080, not \"1.2.3.4:65536\""
        ),
        Case("data_dir: []", "4:11: data_dir: wants text, not a list"),
        Case("data_dir: ''", "4:11: data_dir: is empty; give it a value"),
        Case("database: postgres", "4:11: database: wants a mapping (`key: value` lines below it), not \"postgres\""),
        Case(
            "database: { url: mysql://hunter2@h }",
            "4:18: database.url: is not a PostgreSQL address; write postgresql://USER@HOST/DATABASE"
        ),
        Case(
            "admin_key: ${SPACED}",
            "4:12: admin_key: holds a space, a line break or a character outside ASCII; a key has none"
        ),
        Case(
            "admin_key: ${NO_SUCH}",
            "4:12: admin_key: needs the environment variable NO_SUCH, which is not set;"
                + " set it or write `${NO_SUCH:-default}`"
        ),
        Case("admin_key: ${EMPTY}", "4:12: admin_key: is empty after ${EMPTY} is expanded; set it"),
        Case("admin_key: ${NAME", "4:12: admin_key: has `${` without `}`; write `$$` for a dollar sign"),
        Case(
            "admin_key: ${a b}",
            "4:12: admin_key: has a `${` that names no variable; write `${NAME}`, `${NAME:-default}` or `$$`"
        ),
        Case(
            "admin_key: { path: x }",
            "4:1: admin_key.file: is missing; name the file that holds the secret",
            "4:14: admin_key.path: is not a known setting; remove it (known here: file)"
        ),
        Case(
            "admin_key: { file: /no/such/file }",
            "4:20: admin_key.file: cannot be read (no such file); "
                + "check that the file exists and that this user may read it"
        ),
        Case(
            "shutdown_grace: 60",
            "4:17: shutdown_grace: wants a duration such as 500ms, 30s, 5m, 1h or 7d, from 0s to 1h, not \"60\""
        ),
        Case("public_url: easel.example.com", "4:13: public_url: wants an address such as https://api.example.com/v1"),
        Case(
            "public_url: ftp://easel.example.com",
            "4:13: public_url: wants an address that begins with http:// or https://"
        ),
        Case(
            "fetch: { max_bytes: 10 MiB }",
            "4:21: fetch.max_bytes: wants a size such as 512KiB or 10MiB, from 1 KiB to 1 GiB, not \"10 MiB\""
        ),
        Case(
            "fetch: { allow_networks: [127.0.0.0/8, 10.0.0.1/8, 300.0.0.0/8] }",
            "4:40: fetch.allow_networks[1]: wants a range of addresses such as 127.0.0.0/8 or fd00::/8, no bits set"
                + " behind its length, not \"10.0.0.1/8\"",
            "4:52: fetch.allow_networks[2]: wants a range of addresses such as 127.0.0.0/8 or fd00::/8, no bits set"
                + " behind its length, not \"300.0.0.0/8\""
        ),
        Case(
            "limits: { connections: \"5\" }",
            "4:24: limits.connections: wants a whole number from 1 to 1000000, not the text \"5\" (remove the quotes)"
        ),
        Case(
            "limits: { image_bytes: 100MiB }",
            "4:11: limits.image_bytes: leaves image_bytes larger than request_bytes,"
                + " so no such image could arrive"
        ),
        Case(
            "images: { metadata: stripped }",
            "4:21: images.metadata: wants one of strip, keep, not \"stripped\""
        ),
        Case(
            "logging: { prompts: ful }",
            "4:21: logging.prompts: wants one of full, hash, none, not \"ful\"; did you mean full?"
        ),
        Case(
            "artifacts: { store: s3 }",
            "4:21: artifacts.store: \"s3\" is not available in this version; use one of local, none"
        ),
        Case(
            "artifacts: { store: none, retention: 1d }",
            "4:27: artifacts.retention: has no meaning with `store: none`; remove one of the two"
        ),
        Case(
            "metrics: { public: yes }",
            "4:20: metrics.public: wants true or false, not \"yes\""
        ),
        Case(
            "metrics: { public: \"true\" }",
            "4:20: metrics.public: wants true or false, not the text \"true\""
        ),
        Case(
            "alerts: { rules: [] }",
            "4:1: alerts.destinations: is missing; name who is notified; without one, rules have nowhere to go"
        ),
        Case("alerts: { destinations: {} }", "4:25: alerts.destinations: holds no destination; add at least one"),
        Case(
            "alerts: { destinations: { ops: { kind: pager } } }",
            "4:40: alerts.destinations.ops.kind: wants one of webhook, slack, email, not \"pager\""
        ),
        Case(
            "alerts: { destinations: { ops: { kind: webhook, url: \"https://h/x\" } } }",
            "4:27: alerts.destinations.ops.secret: is missing; write `${NAME}` or `{ file: PATH }`; it signs what is sent"
        ),
        Case(
            "alerts: { destinations: { ops: { kind: slack, url: h.example } } }",
            "4:52: alerts.destinations.ops.url: wants an address such as https://hooks.example.com/easel"
        ),
        Case(
            "alerts: { destinations: { ops: { kind: email, to: ops, from: a@b } } }",
            "4:51: alerts.destinations.ops.to: wants a mail address such as ops@example.com, not \"ops\""
        ),
        Case(
            alert("rules: [{ name: a, on: budget, to: chat }]"),
            "4:101: alerts.rules[0].to: wants one of ops, not \"chat\""
        ),
        Case(
            alert("rules: [{ name: a, on: nsfw }]"),
            "4:89: alerts.rules[0].on: wants one of budget, budget_forecast, provider_down, credit_exhausted, error_rate, "
                + "nsfw_rate, copyright_rate, cost_anomaly, data_gap, overcharge, not \"nsfw\"; did you mean nsfw_rate?"
        ),
        Case(
            alert("rules: [{ name: a, on: nsfw_rate, above: 5 }]"),
            "4:107: alerts.rules[0].above: wants a share such as 5% or 0.5%, from 0% to 100%, not \"5\""
        ),
        Case(
            alert("rules: [{ name: a, on: provider_down, window: 1h }]"),
            "4:104: alerts.rules[0].window: is not a known setting; remove it (known here: name, on, to, resolve_after)"
        ),
        Case(
            alert("reports: [{ name: a, every: daily }]"),
            "4:94: alerts.reports[0].every: wants one of weekly, monthly, not \"daily\""
        ),
        Case(
            alert("reports: [{ name: a, every: weekly, at: 25:00 }]"),
            "4:106: alerts.reports[0].at: wants a time of the day such as \"08:00\", not \"25:00\""
        ),
    ]

    /// Settings of `alerts` beside a destination that stands.
    private static func alert(_ text: String) -> String {
        "alerts: { destinations: { ops: { kind: slack, url: http://h } }, \(text) }"
    }

    @Test(arguments: belowProviders)
    func `a wrong setting is named with its place`(_ row: Case) {
        #expect(Fixtures.faults(Fixtures.providers + row.text + "\n") == row.faults)
    }

    static let providers: [Case] = [
        Case("", "1:1: providers: is missing; add at least one provider"),
        Case("providers: {}", "1:12: providers: holds no provider; add at least one"),
        Case("providers: [a]", "1:12: providers: wants a mapping (`key: value` lines below it), not a list"),
        Case("providers:\n  a:", "2:5: providers.a: wants a mapping (`key: value` lines below it), not nothing"),
        Case(
            "providers:\n  a: {}",
            "2:3: providers.a.kind: is missing; set which API it speaks: runware or ideogram",
            "2:3: providers.a.api_key: is missing; write `${NAME}` or `{ file: PATH }`"
        ),
        Case(
            "providers:\n  A b: { kind: runware, api_key: x }",
            "2:3: providers.A b: is no name for a provider; use up to 64 of a-z, 0-9, - and _,"
                + " a letter or a digit first"
        ),
        Case(
            "providers:\n  ideogram: { kind: runware, api_key: x }",
            "2:3: providers.ideogram: is the name of another kind, whose prices would be used; choose another name"
        ),
        Case(
            "providers:\n  a: { kind: runwear, api_key: x }",
            "2:14: providers.a.kind: wants one of runware, ideogram, not \"runwear\"; did you mean runware?"
        ),
        Case(
            "providers:\n  a: { kind: runware, api_key: x, base_url: \"https://me:hunter2@h\" }",
            "2:45: providers.a.base_url: has a user or a password in it; remove it, keys have their own setting"
        ),
        Case(
            "providers:\n  a: { kind: runware, api_key: x, base_url: \"https://h/v1?x=1\" }",
            "2:45: providers.a.base_url: has a query (`?...`) or a fragment; remove it"
        ),
        Case(
            "providers:\n  a: { kind: runware, api_key: x, timeout: 2s, connect_timeout: 3s, first_byte_timeout: 4s }",
            "2:48: providers.a.connect_timeout: leaves connect_timeout longer than timeout;"
                + " make connect_timeout the shorter one",
            "2:69: providers.a.first_byte_timeout: is longer than timeout and could never pass; make it shorter"
        ),
        Case(
            "providers:\n  a: { kind: runware, api_key: x, max_in_flight: 0, maxinflight: 3, delivery: poll }",
            "2:50: providers.a.max_in_flight: wants a whole number from 1 to 10000, not \"0\"",
            "2:53: providers.a.maxinflight: is not a known setting; remove it (known here: kind, api_key, base_url,"
                + " delivery, max_in_flight, timeout, first_byte_timeout, connect_timeout)",
            "2:79: providers.a.delivery: wants one of sync, async, not \"poll\""
        ),
        Case(
            "providers:\n  a: { kind: runware, api_key: x, maxinflight: 3 }",
            "2:35: providers.a.maxinflight: is not a known setting; did you mean max_in_flight?"
        ),
    ]

    @Test(arguments: providers)
    func `a wrong provider is named with its place`(_ row: Case) {
        #expect(Fixtures.faults(row.text + "\n") == row.faults)
    }

    /// These stand below `routing: { policies:` on line 6.
    static let policies: [Case] = [
        Case("p: { order: [] }", "6:13: routing.policies.p.order: holds no provider; name at least one"),
        Case(
            "p: { order: [runwar, runware, runware] }",
            "6:14: routing.policies.p.order[0]: names no provider of this file; did you mean runware?",
            "6:31: routing.policies.p.order[2]: names runware a second time; name each provider once"
        ),
        Case(
            "p: { weights: { openai: 1 } }",
            "6:17: routing.policies.p.weights.openai: names no provider of this file (there are: runware, ideogram)"
        ),
        Case(
            "p: { weights: { runware: 0 } }",
            "6:15: routing.policies.p.weights: could never choose a provider; give at least one a weight above 0"
        ),
        Case(
            "p: { weights: { runware: -1 } }",
            "6:26: routing.policies.p.weights.runware: wants a whole number from 0 to 10000, not \"-1\""
        ),
        Case(
            "p: { attempts: 2 }",
            "6:1: routing.policies.p: does not say how to choose; add `order: [...]`, `weights: {...}` or `prefer: cost`"
        ),
        Case(
            "p: { prefer: cost, order: [runware] }",
            "6:1: routing.policies.p: has order and prefer at once; keep one of them"
        ),
        Case(
            "p: { prefer: speed }",
            "6:14: routing.policies.p.prefer: wants one of cost, latency, success, in_flight, not \"speed\""
        ),
        Case(
            "p: { prefer: cost, require: [copyright] }",
            "6:30: routing.policies.p.require[0]: is not a parameter of a remix request;"
                + " did you mean copyright_detection?"
        ),
        Case(
            "p: { prefer: cost, on_refusal: retry, on_unknown: next, attempts: 21 }",
            "6:32: routing.policies.p.on_refusal: wants one of stop, next, not \"retry\"",
            "6:51: routing.policies.p.on_unknown: wants one of recover, recover_then_next, not \"next\"",
            "6:67: routing.policies.p.attempts: wants a whole number from 1 to 20, not \"21\""
        ),
        Case(
            "p: { prefer: cost, max_cost_usd: \"$5\", deadline: 1 h }",
            "6:34: routing.policies.p.max_cost_usd: wants an amount in US dollars such as 0.20, more than 0,"
                + " not the text \"$5\"",
            "6:50: routing.policies.p.deadline: wants a duration such as 500ms, 30s, 5m, 1h or 7d,"
                + " from 100ms to 1h, not \"1 h\""
        ),
        Case(
            "p: { prefer: cost, canary: {}, sticky: team, shadow: { provider: x, sample: 0%, budget: $5 } }",
            "6:20: routing.policies.p.canary.provider: is missing; name the provider to try",
            "6:20: routing.policies.p.canary.share: is missing; set the share of calls, such as 5%",
            "6:32: routing.policies.p.sticky: has no effect without weights or canary; remove it or add one of them",
            "6:66: routing.policies.p.shadow.provider: names no provider of this file (there are: runware, ideogram)",
            "6:77: routing.policies.p.shadow.sample: wants a share such as 5% or 0.5%, more than 0% and at most 100%,"
                + " not \"0%\"",
            "6:89: routing.policies.p.shadow.budget: wants an amount a day such as \"$5/day\", more than 0, not \"$5\""
        ),
        Case(
            "p: { order: [runware], hedge: { after: p80, budget: 5% }, explore: 5% }",
            "6:40: routing.policies.p.hedge.after: wants p50, p95 or a duration such as 20s, not \"p80\"",
            "6:59: routing.policies.p.explore: has no effect on a policy with one provider; remove it"
        ),
        Case(
            "p: { order: [runware], hedge: { after: p95, budget: 5% } }",
            "6:24: routing.policies.p.hedge: needs a second provider to ask; name one"
        ),
        Case(
            "p: { order: [runware, ideogram], attempts: 1, hedge: { after: 5s, budget: 5% } }",
            "6:47: routing.policies.p.hedge: asks a second time, and attempts is 1; allow at least 2"
        ),
        Case(
            "p: { order: [runware], shadow: { provider: runware, sample: 1%, budget: $5/day } }",
            "6:24: routing.policies.p.shadow: asks runware, which the order already asks first; name another one"
        ),
        Case(
            "p: { prefer: cost, require: [seed], avoid: [seed], floor: { cost_usd: 1 } }",
            "6:37: routing.policies.p.avoid: holds seed, which is required as well; it could never choose anything",
            "6:61: routing.policies.p.floor.cost_usd: has no effect: the policy sorts by it already; remove it"
        ),
        Case(
            "p: { when: [] }",
            "6:6: routing.policies.p.when: holds no case and there is no otherwise; it could never choose anything"
        ),
        Case(
            "p: { when: [{ use: q }, { match: {}, prefer: cost }], order: [runware], otherwise: { prefer: cots } }",
            "6:13: routing.policies.p.when[0].match: is missing; name the calls that the case is for, such as `{ team: design }`",
            "6:20: routing.policies.p.when[0].use: names no policy of this file (there are: p)",
            "6:34: routing.policies.p.when[1].match: matches every call; name a condition, or use `otherwise`",
            "6:55: routing.policies.p.order: has no place beside `when`; write it into the policies of the cases, or"
                + " `otherwise: { order: ... }`",
            "6:94: routing.policies.p.otherwise.prefer: wants one of cost, latency, success, in_flight, not \"cots\";"
                + " did you mean cost?"
        ),
        Case(
            "p: { when: [{ match: { count: many, time: 6-7, timezone: Berlin, days: [so] }, use: p, order: [x] }] }",
            "6:1: routing.policies.p: leads back to itself (p > p); let one of them choose providers",
            "6:31: routing.policies.p.when[0].match.count: wants a comparison such as \"> 4\", \"<= 20\" or 4, not \"many\"",
            "6:43: routing.policies.p.when[0].match.time: wants a part of the day such as \"22:00-06:00\", not \"6-7\"",
            "6:58: routing.policies.p.when[0].match.timezone: wants UTC or a zone such as Europe/Berlin, not \"Berlin\"",
            "6:73: routing.policies.p.when[0].match.days[0]: wants one of mon, tue, wed, thu, fri, sat, sun, not \"so\"",
            "6:88: routing.policies.p.when[0].order: cannot be combined with `use`; keep one of them"
        ),
        Case(
            "p: { when: [{ match: { tag: { a: b } }, use: q }] }, q: { when: [], otherwise: { when: [], otherwise: p } }",
            "4:1: routing: does not say which policy is the default; add `default: p`, for example",
            "6:1: routing.policies.p: leads back to itself (p > q > p); let one of them choose providers"
        ),
    ]

    @Test(arguments: policies)
    func `a wrong policy is named with its place`(_ row: Case) {
        let text = Fixtures.providers + "routing: { policies: {\n\n" + row.text + "\n} }\n"
        #expect(Fixtures.faults(text) == row.faults)
    }

    static let defaults: [Case] = [
        Case(
            "routing: { default: fast, policies: { fastest: { prefer: latency } } }",
            "4:21: routing.default: names no policy of this file; did you mean fastest?"
        ),
        Case(
            "routing: { policies: { a: { prefer: cost }, b: { prefer: cost } } }",
            "4:1: routing: does not say which policy is the default; add `default: a`, for example"
        ),
        Case("routing: { policies: {} }", "4:12: routing.policies: holds no policy; add one or remove the line"),
        Case("routing: { default: cheapest }", "4:21: routing.default: names no policy of this file"),
    ]

    @Test(arguments: defaults)
    func `a default that is none is named`(_ row: Case) {
        #expect(Fixtures.faults(Fixtures.providers + row.text + "\n") == row.faults)
    }

    @Test
    func `all faults come at once in the order of the file`() {
        let text = """
            shutdown_grace: never
            providers:
              a: { kind: runware, api_key: "${MISSING}" }
            routing:
              policies:
                x: { order: [b] }
            alerts: {}
            """
        let lines = Fixtures.faults(text).map { $0.prefix(while: { $0 != ":" }) }
        #expect(lines == ["1", "3", "6", "7"])
    }

    @Test
    func `a report is one fault a line with the file`() {
        let error = #expect(throws: ConfigurationError.self) { try Fixtures.parse("a: 1\nb: 2\n") }
        #expect(error?.report.split(separator: "\n").allSatisfy { $0.hasPrefix("easel.yaml:") } == true)
        #expect(error?.faults.count == 3)
    }

    @Test
    func `a file that cannot be read is a fault`() throws {
        let missing = #expect(throws: ConfigurationError.self) {
            try Configuration.load(path: "/no/such.yaml", kinds: [])
        }
        #expect(missing?.report.hasPrefix("/no/such.yaml: cannot be read (no such file)") == true)
        let folder = #expect(throws: ConfigurationError.self) { try Configuration.load(path: "/tmp", kinds: []) }
        #expect(folder?.report.hasPrefix("/tmp: cannot be read (it is a folder)") == true)
    }

    @Test
    func `no message repeats what came from the environment`() {
        let text = """
            listen: ${RUNWARE_API_KEY}
            data_dir: ok
            shutdown_grace: ${RUNWARE_API_KEY}
            logging: { prompts: "${RUNWARE_API_KEY}", level: "${IDEOGRAM_API_KEY}" }
            metrics: { public: "${RUNWARE_API_KEY}" }
            database: { url: "${RUNWARE_API_KEY}" }
            limits: { connections: "${RUNWARE_API_KEY}", request_bytes: "${RUNWARE_API_KEY}" }
            public_url: ${RUNWARE_API_KEY}
            fetch: { allow_networks: ["${RUNWARE_API_KEY}"] }
            """
        let faults = Fixtures.faults(text)
        #expect(faults.count == 11)
        #expect(!faults.contains { $0.contains("secret") && !$0.contains("providers") })
        #expect(faults.dropFirst().first?.hasSuffix("not what \"${RUNWARE_API_KEY}\" expands to") == true)
    }
}
