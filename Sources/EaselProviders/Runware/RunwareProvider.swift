import EaselBase
package import EaselCore
package import EaselTransport
import Foundation

/// Runware's REST interface: one URL, an array of one task (docs/providers/runware.md, 1).
package final class RunwareProvider: Provider {
    package static let registration = ProviderRegistration(
        ProviderProfile(
            kind: .runware,
            baseURL: "https://api.runware.ai/v1",
            delivery: .async,
            deliveryNote: "async (recoverable after a crash) | sync",
            maxInFlight: 32
        )
    ) { RunwareProvider(settings: $0, client: $1) }

    /// The largest answer that is read: twenty images of 10 MiB as base64.
    private static let responseLimit = 320 << 20

    private let settings: ProviderSettings
    private let client: HTTPClient

    package init(settings: ProviderSettings, client: HTTPClient) {
        self.settings = settings
        self.client = client
    }

    package var name: String { settings.name }
    package var kind: ProviderKind { .runware }
    package var maxInFlight: Int { settings.maxInFlight }
    package var timeout: Duration { settings.timeout }
    var apiKey: String { settings.apiKey.reveal() }
    package var secrets: [String] { [settings.apiKey.reveal()] }

    package func translate(_ request: RemixRequest) -> ProviderTranslation {
        RunwareTranslation.translate(request)
    }

    package func perform(_ task: ProviderTask) async -> Exchange {
        let reply = await post(
            await ThreadPoolExecutor.work(on: task.request.weightOfSource) { self.body(of: task) },
            timeout: task.timeout,
            trace: task.trace
        )
        return await ThreadPoolExecutor.work(on: reply.weight) { self.exchange(reply, task) }
    }

    // What is worked out before and after the wait stays out of the frame that waits.
    @inline(never)
    private func exchange(_ reply: Result<HTTPResponse, TransportError>, _ task: ProviderTask) -> Exchange {
        switch reply {
        case .failure(let error):
            let failure = TransportFailure.failure(for: error)
            return .ended(ProviderResult(failure: failure, timings: PhaseTimings(error.timings)))
        case .success(let response):
            return RunwareReading.submission(response, question(for: task), delivery: settings.delivery)
        }
    }

    @inline(never)
    private func body(of task: ProviderTask) -> [UInt8]? {
        let inference = RunwareInference(
            task.request,
            taskID: task.taskID,
            count: task.count,
            delivery: settings.delivery
        )
        return try? JSON.encode([inference], sorted: true)
    }

    private func question(for task: ProviderTask) -> RunwareReading.Question {
        RunwareReading.Question(
            taskID: task.taskID,
            count: task.count,
            copyright: RunwareReading.copyrightCheck(task.request),
            secrets: [settings.apiKey.reveal(), task.request.prompt]
        )
    }

    package func poll(_ task: RecoverableTask, timeout: Duration) async -> Recovery {
        guard case .success(let response) = await ask("getResponse", task, timeout: timeout) else { return .unknown() }
        let question = question(for: task)
        return await ThreadPoolExecutor.work(on: response.body.count) { RunwareReading.standing(response, question) }
    }

    package func recover(_ task: RecoverableTask, timeout: Duration) async -> Recovery {
        let start = SteadyInstant.now
        let first = await poll(task, timeout: timeout)
        switch first {
        case .ended, .running(_, working: true), .untraceable, .unknown(pause: .some): return first
        case .running, .unknown, .absent: break
        }
        // A task that ran synchronously is not in getResponse; the archive has it (docs/providers/runware.md,
        // 4.2 and 4.3).
        let left = timeout - SteadyInstant.now.since(start)
        guard left > .milliseconds(10) else { return first }
        guard case .success(let response) = await ask("getTaskDetails", task, timeout: left) else { return .unknown() }
        let question = question(for: task)
        let archived = await ThreadPoolExecutor.work(on: response.body.count) {
            RunwareReading.archived(response, question)
        }
        return Self.joined(first, archived)
    }

    /// What two questions told together.
    static func joined(_ polled: Recovery, _ archived: Recovery) -> Recovery {
        switch (polled, archived) {
        case (_, .ended), (_, .unknown), (_, .untraceable): archived
        case (.running(let shown, _), .running(let kept, _)):
            shown.images.count > kept.images.count ? polled : archived
        case (.running(let shown, _), .absent): shown.images.isEmpty ? archived : polled
        case (.unknown, .absent): polled
        default: archived
        }
    }

    private func question(for task: RecoverableTask) -> RunwareReading.Question {
        RunwareReading.Question(
            taskID: task.taskID,
            count: task.count,
            copyright: task.copyrightDetection && task.model.hasCopyrightDetection ? .asked : .notAsked,
            secrets: [settings.apiKey.reveal()]
        )
    }

    private func ask(
        _ taskType: String,
        _ task: RecoverableTask,
        timeout: Duration
    ) async -> Result<HTTPResponse, TransportError> {
        let question = RunwareQuestion(taskType: taskType, taskUUID: task.taskID.text)
        return await post(try? JSON.encode([question], sorted: true), timeout: timeout)
    }

    func post(
        _ body: [UInt8]?,
        timeout: Duration,
        trace: TraceContext? = nil
    ) async -> Result<HTTPResponse, TransportError> {
        guard let body else {
            return .failure(TransportError(kind: .badURL, sent: false, detail: "the task could not be encoded"))
        }
        do throws(TransportError) {
            return .success(try await client.execute(request(body, timeout: timeout, trace)))
        } catch {
            return .failure(error)
        }
    }

    @inline(never)
    private func request(_ body: [UInt8], timeout: Duration, _ trace: TraceContext?) -> HTTPRequest {
        var fields = HTTPFields([
            ("Content-Type", "application/json"), ("Accept", "application/json"),
            ("Authorization", "Bearer \(settings.apiKey.reveal())"),
        ])
        fields.add(trace)
        return HTTPRequest(
            method: "POST",
            url: settings.baseURL,
            fields: fields,
            body: body,
            timeouts: HTTPTimeouts(
                connect: min(settings.connectTimeout, timeout),
                firstByte: settings.firstByteTimeout,
                total: timeout
            ),
            maxResponseBytes: Self.responseLimit
        )
    }
}

extension RemixRequest {
    /// Bytes of the images that go into a request to a provider.
    var weightOfSource: Int {
        ([image] + styleReferenceImages + characterReferenceImages + characterReferenceMasks)
            .reduce(0) { $0 + $1.bytes.count }
    }
}

extension Result<HTTPResponse, TransportError> {
    fileprivate var weight: Int { if case .success(let response) = self { response.body.count } else { 0 } }
}
