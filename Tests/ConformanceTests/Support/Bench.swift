import EaselBase
import EaselCore
import EaselProviders
import EaselSandbox
import EaselTransport
import Foundation
import Testing
import ThirdKind

/// One provider in front of a sandbox, used as the gateway uses it.
struct Bench: Sendable {
    static let key = "sandbox-key-5f2a90c1"
    static let wrongKey = "no-such-key-77c3e1d0"

    let subject: Subject
    let provider: any Provider
    let sandbox: Sandbox
    let client: HTTPClient

    /// The outcome of a whole request: the results of all exchanges that it took.
    struct Outcome: Sendable {
        var results: [ProviderResult] = []
        /// How many requests were performed; polls are not counted.
        var requests = 0

        var images: [ProviderImage] { results.flatMap(\.images) }
        var failures: [ProviderFailure] { results.compactMap(\.failure) }
        /// Nil as soon as one result does not tell.
        var cost: Money? { Money.sum(results.map(\.cost)) }
    }

    struct TimedOut: Error {}

    /// Long enough for a busy machine to send a request, short enough to wait for a hanging answer.
    static let patience = Duration.milliseconds(1500)

    /// A task for one request.
    func task(
        _ request: RemixRequest,
        count: Int? = nil,
        id: UUID = UUID(),
        timeout: Duration = .seconds(60)
    ) -> ProviderTask {
        ProviderTask(
            attemptID: UUIDv7.mint(at: TimeSource.system.now),
            taskID: id,
            request: request,
            count: count ?? request.count,
            timeout: timeout
        )
    }

    /// Performs a request in as many exchanges as the translation says, and waits for each.
    func run(_ request: RemixRequest) async throws -> Outcome {
        var outcome = Outcome()
        var left = request.count
        let most = provider.translate(request).imagesPerRequest
        while left > 0 {
            let task = task(request, count: min(left, most))
            outcome.results.append(try await run(task))
            outcome.requests += 1
            left -= task.count
        }
        return outcome
    }

    /// Performs one task and polls until it is over.
    func run(_ task: ProviderTask) async throws -> ProviderResult {
        switch await provider.perform(task) {
        case .ended(let result): return result
        case .accepted(let acknowledgement): return try await follow(acknowledgement, task)
        }
    }

    func follow(_ acknowledgement: ProviderResult, _ task: ProviderTask) async throws -> ProviderResult {
        let question = recoverable(task, providerTaskID: acknowledgement.providerTaskID)
        var quiet = 0
        for _ in 0..<6000 {
            switch await provider.poll(question, timeout: .seconds(20)) {
            case .ended(let result): return result
            case .running(let standing, let working):
                // Some came and nothing is said to be running: that was all.
                quiet = !working && !standing.images.isEmpty ? quiet + 1 : 0
                if quiet == 5 { return standing }
            case .unknown, .absent, .untraceable: break
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TimedOut()
    }

    /// Asks for a task whose answer is missing, as long as the provider says that it works on it.
    func recover(_ task: ProviderTask, providerTaskID: String? = nil) async throws -> ProviderResult? {
        let question = recoverable(task, providerTaskID: providerTaskID)
        for _ in 0..<6000 {
            switch await provider.recover(question, timeout: .seconds(20)) {
            case .ended(let result): return result
            case .running(_, working: true): try await Task.sleep(for: .milliseconds(10))
            case .running(_, working: false), .unknown, .absent, .untraceable: return nil
            }
        }
        throw TimedOut()
    }

    func recoverable(_ task: ProviderTask, providerTaskID: String?) -> RecoverableTask {
        RecoverableTask(
            taskID: task.taskID,
            providerTaskID: providerTaskID,
            model: task.request.model,
            count: task.count,
            copyrightDetection: task.request.copyrightDetection
        )
    }

    /// The bytes of an image: a link is downloaded as the gateway does it, without a key (S2).
    func bytes(_ image: ProviderImage) async throws -> [UInt8] {
        switch image.content {
        case .bytes(let bytes): return bytes
        case .withheld: return []
        case .link(let url):
            #expect(!url.contains(Self.key))
            let response = try await client.execute(HTTPRequest(url: url))
            #expect(response.status == 200)
            return response.body
        }
    }

    func fail(_ kind: FaultKind, _ route: FaultRoute = .submit, timing: FaultTiming = .always) async throws {
        try await sandbox.setFaults([
            FaultRule(provider: subject.simulation, route: route, timing: timing, kind: kind)
        ])
    }

    /// The requests that could cost money.
    var submissions: [JournalEntry] {
        sandbox.journal.last.filter { $0.provider == subject.simulation && $0.method == "POST" && $0.model != nil }
    }

    /// Work goes on after an answer was lost: waits until it is in the provider's books.
    func waitForBilling(entries: Int = 1) async throws {
        for _ in 0..<6000 {
            if sandbox.billing.entries.count >= entries { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TimedOut()
    }

    /// The journal is written when an answer is ready, which may be after the client gave up: waits for so many
    /// submissions, and makes sure that there are no more.
    func expectSubmissions(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for _ in 0..<6000 where submissions.count < count { try await Task.sleep(for: .milliseconds(10)) }
        #expect(submissions.count == count, sourceLocation: sourceLocation)
    }

    /// What the sandbox answers to a wrong key or an impossible request is never charged.
    func expectNothingCharged(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(sandbox.billing.entries.isEmpty, sourceLocation: sourceLocation)
    }

    /// No message may repeat a secret (S2).
    func expectSafe(_ failure: ProviderFailure, sourceLocation: SourceLocation = #_sourceLocation) {
        for text in [failure.message, failure.code] {
            for secret in [Self.key, Self.wrongKey, Samples.prompt] {
                #expect(!text.contains(secret), sourceLocation: sourceLocation)
            }
        }
        #expect(!failure.message.isEmpty && !failure.code.isEmpty, sourceLocation: sourceLocation)
    }
}

/// Runs `body` with a provider in front of a sandbox that makes small images at once.
func withBench(
    _ subject: Subject,
    key: String = Bench.key,
    _ change: (inout SandboxConfiguration) -> Void = { _ in },
    _ body: (Bench) async throws -> Void
) async throws {
    var configuration = SandboxConfiguration(
        hasPortEach: true,
        apiKeys: [Bench.key],
        latency: .zero ... .zero,
        pixelScale: 16
    )
    change(&configuration)
    let group = EventLoopGroup(name: "conformance", count: 1)
    let sandbox = Sandbox(
        group: group,
        configuration: configuration,
        providers: Sandbox.standard + [PostcardService.simulation],
        log: .silent
    )
    _ = try sandbox.start()
    let client = HTTPClient(group: group)
    let settings = ProviderSettings(
        name: "under-test",
        kind: subject.kind,
        baseURL: sandbox.baseURL(subject.simulation),
        apiKey: Secret(key),
        delivery: subject.delivery,
        maxInFlight: 4
    )
    let bench = Bench(
        subject: subject,
        provider: subject.make(settings, client),
        sandbox: sandbox,
        client: client
    )
    let outcome: Result<Void, any Error>
    do {
        outcome = .success(try await body(bench))
    } catch {
        outcome = .failure(error)
    }
    await sandbox.stop()
    await ThreadPoolExecutor.shared.run { group.shutdown() }
    try outcome.get()
}
