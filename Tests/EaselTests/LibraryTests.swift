import Easel
import EaselBase
import EaselCore
import EaselLedger
import EaselSandbox
import EaselTransport
import Foundation
import TestKit
import Testing
import TestTools

/// The library as a program uses it, against simulated providers.
@Suite(.serialized) struct LibraryTests {
    private static let group = EventLoopGroup(name: "library-tests", count: 1)
    private static let image = Data(SampleImage.bytes())
    private static let remix = Easel.Remix("a quiet harbour", image: .bytes(image))

    private static func with(
        _ faults: [FaultRule] = [],
        _ body: (Sandbox, [Easel.Provider]) async throws -> Void
    ) async throws {
        let sandbox = Sandbox(
            group: group,
            configuration: SandboxConfiguration(
                hasPortEach: true,
                latency: .zero ... .zero,
                pixelScale: 16,
                faults: faults
            ),
            log: .silent
        )
        _ = try sandbox.start()
        do {
            try await body(
                sandbox,
                [
                    .ideogram(key: "sandbox-key", baseURL: sandbox.baseURL(.ideogram)),
                    .runware(key: "sandbox-key", baseURL: sandbox.baseURL(.runware)),
                ]
            )
        } catch {
            await sandbox.stop()
            throw error
        }
        await sandbox.stop()
    }

    /// An Easel that writes no lines, for the time of a test.
    private static func easel(
        _ configuration: Easel.Configuration,
        _ body: (Easel) async throws -> Void
    ) async throws {
        var configuration = configuration
        configuration.log = .silent
        let easel = try await Easel(configuration)
        do {
            try await body(easel)
        } catch {
            await easel.shutdown()
            throw error
        }
        await easel.shutdown()
    }

    private static func failure(_ body: () async throws -> Void) async -> EaselError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? EaselError
        }
    }

    @Test func `the kinds are those of the registry, and another word is a fault of the configuration`() async {
        #expect(Easel.Provider.Kind.allCases == [.runware, .ideogram])
        let failure = await Self.failure {
            let provider = Easel.Provider(.init(rawValue: "post: {card"), name: "cards", key: "k")
            _ = try await Easel(.init(providers: [provider]))
        }
        #expect(failure?.code == .configuration)
    }

    @Test func `a remix fails over, and tells who delivered and what it cost`() async throws {
        try await Self.with([FaultRule(provider: .ideogram, kind: .status(500))]) { sandbox, providers in
            try await Self.easel(.init(providers: providers, ledger: .memory(budget: 1))) { easel in
                let reply = try await easel.remix(Self.remix)
                #expect(reply.provider == "runware" && reply.hasFailedOver)
                #expect(reply.images.count == 1)
                let image = try #require(reply.images.first)
                #expect(image.format == .jpg && image.seed != nil && (image.width ?? 0) > 0)
                #expect(image.bytes?.starts(with: [0xFF, 0xD8]) == true)
                #expect(reply.cost.usd == Decimal(string: "0.06") && reply.cost.description == "$0.06")
                #expect(reply.attempts.last?.provider == "runware")
                #expect(reply.attempts.last?.outcome == .succeeded)
                #expect(reply.attempts.first?.provider == "ideogram")
                #expect(reply.attempts.first?.outcome == .failed)
                #expect(easel.budgetLeft == Decimal(string: "0.94"))
                #expect(sandbox.billing.entries.reduce(.zero) { $0 + $1.cost }.usd == "0.06")
            }
        }
    }

    @Test func `a budget holds for many calls at once`() async throws {
        try await Self.with { _, providers in
            let ledger = Easel.Ledger.memory(budget: Decimal(string: "0.18"))
            try await Self.easel(.init(providers: providers, ledger: ledger)) { easel in
                let codes = await withTaskGroup(of: String.self) { group in
                    for _ in 0..<10 {
                        group.addTask {
                            await Self.failure { _ = try await easel.remix(Self.remix) }?.code.rawValue ?? "ok"
                        }
                    }
                    return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
                }
                #expect(codes == ["ok": 3, "budget_exceeded": 7])
                #expect(easel.budgetLeft == 0)
            }
        }
    }

    @Test func `whatever is wrong with a remix is told at once, and nothing is sent`() async throws {
        try await Self.with { sandbox, providers in
            try await Self.easel(.init(providers: providers)) { easel in
                var remix = Easel.Remix("", image: .bytes(Data([1, 2, 3])))
                remix.count = 21
                remix.policy = "nobody's"
                let error = await Self.failure { _ = try await easel.remix(remix) }
                #expect(error?.code == .invalidRequest && error?.callID == nil)
                let faults = Set(error?.faults.map(\.parameter) ?? [])
                #expect(faults.isSuperset(of: ["prompt", "image", "count", "policy"]))
                #expect(sandbox.billing.entries.isEmpty)
            }
        }
    }

    @Test func `a call that failed everywhere says what it tried`() async throws {
        try await Self.with([FaultRule(kind: .status(500))]) { _, providers in
            try await Self.easel(.init(providers: providers)) { easel in
                let error = await Self.failure { _ = try await easel.remix(Self.remix) }
                #expect(error?.code == .providersFailed && error?.callID != nil)
                #expect(Set(error?.attempts.map(\.provider) ?? []) == ["ideogram", "runware"])
                #expect(error?.attempts.contains { $0.outcome == .succeeded } == false)
            }
        }
    }

    @Test func `a configuration in YAML brings its policies, and its faults come with their lines`() async throws {
        try await Self.with { _, providers in
            let text = """
                providers:
                  one: { kind: ideogram, api_key: '${KEY}', base_url: '\(providers[0].baseURL ?? "")' }
                  two: { kind: runware, api_key: '${KEY}', base_url: '\(providers[1].baseURL ?? "")' }
                routing:
                  policies:
                    second: { order: [two] }
                """
            let configuration = Easel.Configuration(yaml: text, environment: ["KEY": "sandbox-key"])
            try await Self.easel(configuration) { easel in
                var remix = Self.remix
                remix.policy = "second"
                let reply = try await easel.remix(remix)
                #expect(reply.provider == "two")
            }
            let missing = await Self.failure {
                _ = try await Easel(.init(yaml: text, name: "easel.yaml", environment: [:]))
            }
            #expect(missing?.code == .configuration && missing?.sentence.contains("easel.yaml:2") == true)
        }
    }

    @Test func `faults of a configuration in Swift are told by the same rules`() async throws {
        func sentence(_ providers: [Easel.Provider], _ ledger: Easel.Ledger = .memory()) async -> String? {
            let error = await Self.failure { _ = try await Easel(.init(providers: providers, ledger: ledger)) }
            return error?.code == .configuration ? error?.sentence : nil
        }
        #expect(await sentence([])?.contains("no provider") == true)
        #expect(await sentence([.runware(key: "")]) != nil)
        #expect(await sentence([.runware(key: "a-key", baseURL: "ftp://x")])?.contains("base_url") == true)
        #expect(await sentence([.runware(key: "a-key"), .runware(key: "b-key")])?.contains("second time") == true)
        #expect(await sentence([.runware(key: "a-key")], .memory(budget: -1))?.contains("budget") == true)
        #expect(await sentence([.runware(key: "a-key", baseURL: "ftp://x")])?.contains("a-key") == false)
    }

    @Test func `with PostgreSQL the call is on record, and the team is made once`() async throws {
        try await Self.with { _, providers in
            let url = try await PostgresFixture.database()
            for _ in 0..<2 {
                var configuration = Easel.Configuration(providers: providers, ledger: .postgres(url))
                configuration.team = "design"
                try await Self.easel(configuration) { easel in
                    let reply = try await easel.remix(Self.remix)
                    #expect(reply.provider == "ideogram" && easel.budgetLeft == nil)
                }
            }
            let error = await Self.failure {
                var away = Easel.Configuration(providers: providers, ledger: .postgres("postgres://127.0.0.1:1/none"))
                away.log = .silent
                _ = try await Easel(away)
            }
            #expect(error?.code == .unavailable)
        }
    }

    @Test func `after the shutdown nothing is sent, and a second one does no harm`() async throws {
        try await Self.with { sandbox, providers in
            var configuration = Easel.Configuration(providers: providers)
            configuration.log = .silent
            let easel = try await Easel(configuration)
            let reply = try await easel.remix(Self.remix)
            #expect(reply.images.count == 1)
            await easel.shutdown()
            await easel.shutdown()
            let error = await Self.failure { _ = try await easel.remix(Self.remix) }
            #expect(error?.code == .unavailable && error?.callID == nil)
            #expect(sandbox.billing.entries.count == 1)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a call that is cut off comes to its end, and what is known of it is written down`() async throws {
        let database = try await PostgresFixture.database()
        try await Self.with([FaultRule(kind: .hang(afterExecuting: true))]) { sandbox, providers in
            var configuration = Easel.Configuration(providers: providers, ledger: .postgres(database))
            configuration.log = .silent
            let easel = try await Easel(configuration)
            let task = Task {
                await Self.failure { () async throws(EaselError) in _ = try await easel.remix(Self.remix) }
            }
            #expect(await eventually { !sandbox.billing.entries.isEmpty })
            await easel.shutdown(grace: .milliseconds(50))
            #expect(await task.value?.callID != nil)
            let ledger = try await PostgresLedger.connect(connectionString: database, log: .silent)
            let calls = try await ledger.calls(CallQuery())
            #expect(calls.map(\.status) == [.failed])
            let id = try #require(calls.first?.callID)
            let call = try await ledger.call(id, teamID: nil)
            #expect(call?.attempts.first?.outcome == .unknown)
            await ledger.close()
        }
    }

    @Test func `limits that a program writes with a point are taken as they are written`() async throws {
        try await Self.with { _, providers in
            try await Self.easel(.init(providers: providers, ledger: .memory(budget: 19.99))) { easel in
                #expect(easel.budgetLeft == Decimal(string: "19.99"))
                var remix = Self.remix
                remix.maxCost = 0.07
                let reply = try await easel.remix(remix)
                #expect(reply.images.count == 1)
            }
        }
    }

    @Test func `what no clock can count is a fault and not a crash`() async throws {
        try await Self.with { _, providers in
            try await Self.easel(.init(providers: providers)) { easel in
                var remix = Self.remix
                remix.deadline = .seconds(Int64.max)
                let error = await Self.failure { () async throws(EaselError) in _ = try await easel.remix(remix) }
                #expect(error?.code == .invalidRequest)
                await easel.shutdown(grace: .seconds(Int64.max))
            }
        }
    }

    @Test func `a cancelled task begins nothing, and shuts down all the same`() async throws {
        try await Self.with { sandbox, providers in
            let easel = try await Easel(.init(providers: providers))
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                let error = await Self.failure { () async throws(EaselError) in _ = try await easel.remix(Self.remix) }
                async let other: Void = easel.shutdown()
                await easel.shutdown()
                await other
                return error
            }
            #expect(await task.value?.code == .unavailable)
            #expect(sandbox.journal.last.isEmpty)
        }
    }

    @Test(arguments: ["", "two words", String(repeating: "a", count: 65)])
    func `a team's name is held to its rule`(name: String) async throws {
        var configuration = Easel.Configuration(providers: [.runware(key: "sandbox-key")])
        configuration.team = name
        let wanted = configuration
        let error = await Self.failure { () async throws(EaselError) in _ = try await Easel(wanted) }
        #expect(error?.code == .configuration)
    }

    @Test func `neither a key nor a password is printed`() async throws {
        let secrets = ["key-of-mine", "pass@word"]
        let provider = Easel.Provider.runware(key: secrets[0])
        let ledger = Easel.Ledger.postgres("postgres://me:pass@word@host/db")
        var text = "\(provider) \(ledger)"
        dump(provider, to: &text)
        dump(ledger, to: &text)
        let configuration = Easel.Configuration(providers: [provider], ledger: ledger)
        dump(configuration, to: &text)
        let error = await Self.failure { () async throws(EaselError) in _ = try await Easel(configuration) }
        text += "\(try #require(error))"
        #expect(secrets.allSatisfy { !text.contains($0) } && !text.contains("word@"), "\(text)")
    }

    @Test func `the example fails over and prints size, provider and cost`() async throws {
        try await Self.with([FaultRule(provider: .ideogram, kind: .status(500))]) { sandbox, _ in
            let file = FileManager.default.temporaryDirectory.appending(path: "remix-\(UUID().uuidString).png")
            try Self.image.write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            let process = Process()
            let example: URL = try #require(Self.example)
            process.executableURL = example
            process.arguments = [file.path, "the same scene as a woodcut print"]
            process.environment = [
                "IDEOGRAM_API_KEY": "sandbox-key", "IDEOGRAM_URL": sandbox.baseURL(.ideogram),
                "RUNWARE_API_KEY": "sandbox-key", "RUNWARE_URL": sandbox.baseURL(.runware),
            ]
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            let status = try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Int32, any Error>) in
                process.terminationHandler = { ended.resume(returning: $0.terminationStatus) }
                do { try process.run() } catch { ended.resume(throwing: error) }
            }
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            #expect(status == 0)
            #expect(text.contains("runware for $0.06 (provider)"), "\(text)")
            #expect(try text.contains(Regex("^[1-9][0-9]*x[1-9][0-9]*, [1-9][0-9]* bytes\n")), "\(text)")
            #expect(text.contains("ideogram: "), "\(text)")
        }
    }

    /// Beside the test bundle.
    private static let example: URL? = {
        let runner = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let bundles = CommandLine.arguments.filter { $0.contains(".xctest") }.map { URL(fileURLWithPath: $0) }
        return ([runner] + bundles).map { $0.deletingLastPathComponent().appending(path: "remix-example") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()
}
