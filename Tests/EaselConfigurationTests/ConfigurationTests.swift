import EaselBase
import EaselConfiguration
import EaselCore
import Foundation
import Testing

struct ConfigurationTests {
    @Test
    func `the smallest file has every default`() throws {
        let configuration = try Fixtures.parse(Fixtures.providers)
        #expect(configuration.listen == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(configuration.dataDirectory == ".easel")
        #expect(configuration.database.url == nil && configuration.adminKey == nil && configuration.publicURL == nil)
        #expect(configuration.shutdownGrace == .seconds(60))
        let (runware, ideogram) = (configuration.providers[0], configuration.providers[1])
        #expect(runware.kind == .runware && ideogram.kind == .ideogram)
        #expect(runware.delivery == .async && ideogram.delivery == .sync)
        #expect(runware.maxInFlight == 32 && ideogram.maxInFlight == 10)
        #expect(runware.baseURL == "https://api.runware.ai/v1" && ideogram.baseURL == "https://api.ideogram.ai")
        #expect(runware.timeout == .seconds(120) && runware.connectTimeout == .seconds(5))
        #expect(runware.firstByteTimeout == nil)
        #expect(configuration.policies.defaultName == "failover")
        #expect(configuration.policies[nil]?.plain?.ordering == .order(["runware", "ideogram"]))
        #expect(configuration.fetch == FetchSettings() && configuration.fetch.maxBytes == 10_485_760)
        #expect(configuration.limits == LimitSettings() && configuration.limits.requestBytes == 67_108_864)
        #expect(configuration.images.metadata == .strip)
        #expect(configuration.logging.prompts == .full && configuration.logging.level == .info)
        #expect(configuration.artifacts.store == .local && configuration.artifacts.retention == .seconds(604_800))
        #expect(configuration.recovery.unknownAfter == .seconds(86_400))
        #expect(configuration.metrics.public)
    }

    @Test
    func `every setting of the contract is read`() throws {
        let configuration = try Fixtures.parse(
            """
            listen: "[::1]:9090"
            data_dir: /var/lib/easel
            database:
              url: postgresql://easel:pw@db.internal/easel
              start_timeout: 90s
            trusted_proxies: [10.0.0.0/8, "fd00::/8"]
            admin_key: ${ADMIN:-esl_default-admin-key-of-tests}
            shutdown_grace: 5s
            public_url: https://easel.example.com/
            providers:
              one:
                kind: runware
                base_url: http://127.0.0.1:7000/v1//
                api_key: ${RUNWARE_API_KEY}
                delivery: sync
                max_in_flight: 3
                timeout: 90s
                first_byte_timeout: 60s
                connect_timeout: 500ms
              two: { kind: runware, api_key: "${IDEOGRAM_API_KEY}" }
            routing:
              default: brand-safe
              policies:
                failover: { order: [two, one] }
                cheapest: { prefer: cost }
                fastest:  { prefer: latency }
                split:    { weights: { one: 80, two: 20 } }
                brand-safe:
                  order: [one, two]
                  require: [copyright_detection, seed]
                  on_refusal: next
                  on_unknown: recover
                  attempts: 5
                  max_cost_usd: 0.20
                  deadline: 90s
            fetch: { max_bytes: 1MiB, timeout: 5s, allow_networks: [127.0.0.0/8, "fd00::/8"] }
            limits:
              request_bytes: 20MiB
              header_bytes: 16KiB
              image_bytes: 5MiB
              connections: "${PORT}"
              request_timeout: 10s
            images: { metadata: keep }
            logging: { prompts: hash, level: debug }
            artifacts: { store: local, retention: 30d }
            recovery: { unknown_after: 2h, interval: 5s }
            metrics: { public: false }
            """
        )
        #expect(configuration.listen == ListenAddress(host: "::1", port: 9090))
        #expect(configuration.dataDirectory == "/var/lib/easel")
        #expect(configuration.database.url?.reveal() == "postgresql://easel:pw@db.internal/easel")
        #expect(configuration.database.startTimeout == .seconds(90))
        #expect(configuration.trustedProxies.map(\.description) == ["10.0.0.0/8", "fd00::/8"])
        #expect(configuration.adminKey?.reveal() == "esl_default-admin-key-of-tests")
        #expect(configuration.shutdownGrace == .seconds(5))
        #expect(configuration.publicURL == "https://easel.example.com")
        let one = configuration.providers[0]
        #expect(one.name == "one" && one.baseURL == "http://127.0.0.1:7000/v1" && one.delivery == .sync)
        #expect(one.apiKey.reveal() == "runware-secret" && one.maxInFlight == 3 && one.timeout == .seconds(90))
        #expect(one.firstByteTimeout == .seconds(60) && one.connectTimeout == .milliseconds(500))
        let book = configuration.policies
        #expect(book.policies.count == 5)
        #expect(
            book[nil]?.plain
                == Policy(
                    name: "brand-safe",
                    ordering: .order(["one", "two"]),
                    require: [.copyrightDetection, .seed],
                    onRefusal: .next,
                    onUnknown: .recover,
                    attempts: 5,
                    maxCost: Money(usd: "0.2"),
                    deadline: .seconds(90)
                )
        )
        #expect(book["cheapest"]?.plain?.ordering == .cost && book["fastest"]?.plain?.ordering == .latency)
        #expect(book["split"]?.plain?.ordering == .weights(["one": 80, "two": 20]))
        #expect(configuration.fetch.maxBytes == 1_048_576 && configuration.fetch.timeout == .seconds(5))
        #expect(configuration.fetch.allowNetworks.map(\.description) == ["127.0.0.0/8", "fd00::/8"])
        #expect(configuration.limits.connections == 9000 && configuration.limits.imageBytes == 5_242_880)
        #expect(configuration.limits.headerBytes == 16_384 && configuration.limits.requestTimeout == .seconds(10))
        #expect(configuration.images.metadata == .keep)
        #expect(configuration.logging.prompts == .hash && configuration.logging.level == .debug)
        #expect(configuration.artifacts.retention == .seconds(30 * 86_400))
        #expect(configuration.recovery.unknownAfter == .seconds(7200))
        #expect(configuration.recovery.interval == .seconds(5))
        #expect(!configuration.metrics.public)
    }

    @Test(
        arguments: [
            ("", .seconds(5)), ("timeout: 30s,", .seconds(5)), ("timeout: 5s,", .seconds(5)),
            ("timeout: 2s,", .seconds(2)), ("timeout: 100ms,", .milliseconds(100)),
            ("timeout: 2s, connect_timeout: 1s,", .seconds(1)), ("timeout: 9s, connect_timeout: 8s,", .seconds(8)),
        ] as [(String, Duration)]
    )
    func `the default of connect_timeout gives way to a shorter timeout`(_ setting: String, _ expected: Duration) throws
    {
        for kind in ["runware", "ideogram"] {
            let text = "providers:\n  a: { kind: \(kind), \(setting) api_key: x }\n"
            #expect(try Fixtures.parse(text).providers.map(\.connectTimeout) == [expected])
        }
    }

    @Test
    func `the only policy is the default`() throws {
        let book = try Fixtures.parse(Fixtures.providers + "routing: { policies: { x: { prefer: cost } } }\n").policies
        #expect(book.defaultName == "x")
        let plain = try Fixtures.parse(Fixtures.providers + "routing: { default: failover }\n").policies
        #expect(plain[nil]?.plain?.ordering == .order(["runware", "ideogram"]))
    }

    @Test(
        arguments: [
            ("127.0.0.1:0", "127.0.0.1", 0), (":8080", "0.0.0.0", 8080), ("localhost:80", "127.0.0.1", 80),
            ("[::]:443", "::", 443),
        ]
    )
    func `an address is read`(_ text: String, _ host: String, _ port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
    }

    @Test(arguments: ["", ":", "a:1", "1.2.3:1", "[1.2.3.4]:1", "[::1]", "::1:80", "1.2.3.4:-1", "1.2.3.4:٣"])
    func `an address that is none is refused`(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test
    func `a network holds its addresses and no others`() throws {
        let network = try #require(IPNetwork("10.16.0.0/12"))
        #expect(network.contains([10, 31, 255, 255]) && !network.contains([10, 32, 0, 0]))
        #expect(!network.contains([UInt8](repeating: 10, count: 16)))
        #expect(try #require(IPNetwork("0.0.0.0/0")).contains([8, 8, 8, 8]))
        #expect(try #require(IPNetwork("192.0.2.7")).prefixLength == 32)
        for wrong in ["", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "10.0.0.0/8/8"] {
            #expect(IPNetwork(wrong) == nil)
        }
    }

    @Test(
        arguments: [
            ("$$5", "$5"), ("$5/day", "$5/day"), ("a${PORT}b", "a9000b"), ("${NOPE:-x}", "x"), ("${EMPTY:-x}", "x"),
            ("${NOPE:-}y", "y"), ("$${PORT}", "${PORT}"), ("${PORT}${PORT}", "90009000"), ("end$", "end$"),
            ("${NOPE:-a:-b}", "a:-b"),
        ]
    )
    func `variables expand`(_ source: String, _ wanted: String) throws {
        let configuration = try Fixtures.parse(Fixtures.providers + "data_dir: '\(source)'\n")
        #expect(configuration.dataDirectory == wanted)
    }

    @Test
    func `a secret comes from a file without its last newline`() throws {
        let path = try Fixtures.file("from-file\n")
        defer { unlink(path) }
        let configuration = try Fixtures.parse("providers: { a: { kind: runware, api_key: { file: \(path) } } }")
        #expect(configuration.providers[0].apiKey.reveal() == "from-file")
    }

    @Test
    func `a secret never shows itself`() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(ProviderSettings(name: "a", profile: Fixtures.kinds[0], apiKey: secret), to: &dumped)
        #expect("\(secret) \(String(reflecting: secret))" == "<redacted> <redacted>")
        #expect(!dumped.contains("hunter2") && dumped.contains("redacted"))
        #expect(secret == Secret("hunter2") && secret != Secret("hunter3"))
    }

    @Test
    func `the example stands and shows the defaults`() throws {
        let example = try Fixtures.parse(Fixtures.example)
        let smallest = try Fixtures.parse(
            """
            providers:
              runware: { kind: runware, api_key: a }
              ideogram: { kind: ideogram, api_key: b }
            """
        )
        let withoutPolicies = { (text: String) in
            text.split(separator: "\n").filter { !$0.contains("policies") && !$0.hasPrefix("        ") }
        }
        #expect(withoutPolicies(example.redactedDescription) == withoutPolicies(smallest.redactedDescription))
        #expect(example.policies.policies.count == 10)
    }

    @Test(arguments: Configuration.reference(kinds: Fixtures.kinds))
    func `each setting of the table is read at its place, and stands in the example`(_ row: SettingRow) throws {
        let path = row.path.replacingOccurrences(of: "NAME", with: "x").split(separator: ".")
        let flow = path.dropLast().reversed().reduce("\(path.last ?? ""): { none: 1 }") { "\($1): { \($0) }" }
        let faults: [ConfigurationFault]
        do throws(ConfigurationError) {
            _ = try Fixtures.parse(flow + "\n" + (path.first == "providers" ? "" : Fixtures.providers))
            faults = []
        } catch {
            faults = error.faults
        }
        let own = faults.filter { ($0.keyPath + ".").hasPrefix(path.joined(separator: ".") + ".") }
        #expect(
            !own.isEmpty && !own.contains { $0.keyPath == path.joined(separator: ".") && $0.message.contains("known") }
        )
        #expect(Fixtures.example.contains("\(path.last ?? ""):"))
    }

    @Test
    func `the lines of the example that are commented out stand too`() throws {
        let environment = Fixtures.environment.merging(["EASEL_ADMIN_KEY": "esl_x-0123456789-0123456789"]) { $1 }
        let text = Fixtures.example.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                for start in ["# url: postgresql", "# admin_key:", "# public_url:", "# first_byte"]
                where line.drop(while: { $0 == " " }).hasPrefix(start) {
                    return line.replacingOccurrences(of: "# ", with: "", range: line.range(of: "# "))
                }
                return String(line)
            }
            .joined(separator: "\n")
        let configuration = try Configuration.parse(
            text: text,
            file: "example",
            environment: environment,
            kinds: Fixtures.kinds
        )
        #expect(configuration.database.url != nil && configuration.adminKey?.reveal() == "esl_x-0123456789-0123456789")
        #expect(configuration.publicURL != nil && configuration.providers[1].firstByteTimeout == .seconds(60))
    }

    @Test
    func `the alerts of the example stand`() throws {
        let lines = Fixtures.example.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix("# alerts:") })
        let block = lines[start...].prefix { $0.hasPrefix("#") }.map { $0.dropFirst(2) }.joined(separator: "\n")
        let own = [
            "ALERT_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "SLACK_WEBHOOK": "https://hooks.example.com/s",
        ]
        let configuration = try Configuration.parse(
            text: Fixtures.providers + block,
            file: "example",
            environment: Fixtures.environment.merging(own) { $1 },
            kinds: Fixtures.kinds
        )
        let plan = configuration.alerts.plan
        #expect(plan.destinations.map(\.name) == ["ops", "chat", "mail"])
        #expect(
            plan.rules.map(\.kind).prefix(2) == [.budget, .nsfwRate]
                && plan.rules.count == AlertRule.Kind.allCases.count
        )
        #expect(plan.rules[0].destinations == ["ops"] && plan.rules.last?.destinations == ["ops", "chat", "mail"])
        #expect(plan.rules[1].minimum == 1 && plan.rules.first { $0.kind == .errorRate }?.minimum == 20)
        #expect(plan.schedules.map(\.minute) == [480])
    }

    @Test
    func `the redacted description holds no secret and reads back as itself`() throws {
        let text =
            Fixtures.providers.replacingOccurrences(of: "rw-1", with: "hunter2") + """
                database: { url: "postgresql://u:hunter2@h/d" }
                admin_key: esl_hunter2-hunter2-hunter2
                data_dir: "a $${x} \\"b\\""
                public_url: https://e.example
                routing:
                  policies:
                    123: { prefer: latency, require: [seed], max_cost_usd: "0.5", deadline: 1500ms }
                    split: { weights: { runware: 1, ideogram: 2 }, on_refusal: next, sticky: "tag:a b" }
                    all: { prefer: success, floor: { latency: 20s, cost_usd: 0.1 }, explore: 0.5%, avoid: [seed],
                      canary: { provider: ideogram, share: 5% }, hedge: { after: 1500ms, budget: 5% },
                      shadow: { provider: runware, sample: 1%, budget: $5.50/day } }
                    by-case:
                      when:
                        - { match: { team: [a, b], model: ideogram:4@2, count: "> 4" }, use: split }
                        - { match: { tag: { x: "*", y: [1, 2] }, parameters: { strength: ">= 0.5", seed: "*" } }, prefer: cost }
                        - { match: { parameters: [seed, style_type] }, when: [], otherwise: all }
                        - { match: { time: "22:00-06:00", days: [sat, sun], timezone: Europe/Berlin }, use: all }
                        - { match: { budget_left_percent: < 20, project: web }, use: all }
                      otherwise: { order: [runware] }
                  default: "123"
                artifacts: { store: none }
                alerts:
                  destinations:
                    ops: { kind: webhook, url: "https://hooks/hunter2?key=hunter2", secret: hunter2 }
                    chat: { kind: slack, url: "https://hooks.example.com/hunter2" }
                    mail: { kind: email, to: [a@b, c@d], from: e@f, smtp: smtps://h:465, user: u, password: hunter2 }
                  rules:
                    - { name: b, on: budget, at: [90, 50], team: web, to: ops }
                    - { name: n, on: nsfw_rate, above: 0.5%, window: 90m, min: 7, by: provider, to: [ops, mail] }
                    - { name: c, on: cost_anomaly, above: 150%, min_usd: 5, by: all, timezone: Asia/Kolkata }
                  reports:
                    - { name: w, every: weekly, by: ["tag:a b", day], at: "07:05", timezone: Europe/Berlin, to: mail }
                    - { name: m, every: monthly, report: safety, team: web }
                """
        let once = try Fixtures.parse(text).redactedDescription
        #expect(!once.contains("hunter2"))
        #expect(once.contains("url: postgresql://<redacted>") && once.contains("admin_key: esl_<redacted-admin-key>"))
        let again = try Fixtures.parse(once)
        #expect(again.redactedDescription == once)
        let plan = again.alerts.plan
        #expect(try plan == Fixtures.parse(text).alerts.plan)
        #expect(plan.rules.count == 3 + 7 && plan.rules[0].thresholds == [50, 90] && plan.schedules.count == 2)
        #expect(again.dataDirectory == "a ${x} \"b\"")
    }

    @Test
    func `a damaged example is read or refused and never crashes`() {
        let example = Array(Fixtures.example.utf8)
        let pieces = [
            "\n", "  ", "\t", ": ", "- ", "{", "}", "[", "]", "&a ", "*a ", "\"", "'", "|", "#", "---\n", "${", "!",
            "\0", "é",
        ]
        for seed in UInt64(1)...1500 {
            var random = SeededGenerator(seed: seed)
            var bytes = example
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
                case 2: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: place)
                default:
                    let end = min(bytes.count, place + Int.random(in: 1...200, using: &random))
                    bytes.insert(
                        contentsOf: Array(bytes[place..<end]),
                        at: Int.random(in: 0..<bytes.count, using: &random)
                    )
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(ConfigurationError) {
                _ = try Fixtures.parse(text)
            } catch {
                let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count
                let sound = error.faults.allSatisfy { fault in
                    guard let position = fault.position else { return false }
                    return !fault.message.isEmpty && (1...lines + 1).contains(position.line) && position.column >= 1
                }
                #expect(!error.faults.isEmpty && sound, "seed \(seed)")
            }
        }
    }
}

/// SplitMix64: the same numbers for the same seed, so that a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
