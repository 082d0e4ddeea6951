import EaselBase
import EaselCore
import EaselProviders
import EaselServer
import EaselTransport
import Foundation

/// The three ways in which foreign bytes come in.
enum Parts {
    /// A request's bytes to a real server: every connection must end, and what is answered must be HTTP.
    static func requests(_ inputs: Int, until end: SteadyInstant, _ group: EventLoopGroup, _ progress: Progress)
        async throws
    {
        let configuration = HTTPServerConfiguration(
            headTimeout: .milliseconds(1500),
            bodyIdleTimeout: .milliseconds(1500),
            lingerTimeout: .milliseconds(100),
            maxUnreadBodyBytes: 2 << 10,
            maxPendingBytes: 1 << 10
        )
        let server = HTTPServer(group: group, configuration: configuration, log: .silent) { request in
            switch request.path {
            case "/early": return .text("early")
            case "/some":
                _ = try? await request.body.next()
                return .text("some")
            default: break
            }
            do throws(ServerRequestBody.BodyError) {
                return .text("\(try await request.body.collect(limit: 64 << 10).count)")
            } catch {
                return .problem(for: error)
            }
        }
        let port = try server.start()
        let next = Ticket()
        await onThreads(8) {
            while SteadyInstant.now < end {
                let index = next.take()
                guard index < inputs else { return }
                let number = progress.number(index)
                var mutator = Mutator(number)
                let bytes = mutator.input(from: Corpus.requests, tokens: Corpus.lines)
                guard let socket = PlainSocket(port: port, patience_ms: 8000) else {
                    progress.ended("no connection")
                    continue
                }
                let cut = mutator.below(bytes.count + 1)
                socket.send(bytes[..<cut])
                socket.send(bytes[cut...])
                socket.endSending()
                let (ending, answer) = socket.readToEnd()
                switch ending {
                case .timedOut: progress.ended("STALLED (\(number))")
                case .closed where answer.isEmpty: progress.ended("closed")
                case .closed where answer.starts(with: "HTTP/1.1 ".utf8):
                    progress.ended(String(decoding: answer[9..<min(12, answer.count)], as: UTF8.self))
                case .closed: progress.ended("NO HTTP (\(number))")
                }
            }
        }
        await server.drain(grace: .seconds(2))
        if server.openConnections > 0 || server.requestsInFlight > 0 { progress.ended("LEFT OPEN") }
    }

    /// An answer's bytes to the HTTP client: every exchange must end, with an answer or an error.
    static func replies(_ inputs: Int, until end: SteadyInstant, _ group: EventLoopGroup, _ progress: Progress)
        async throws
    {
        let server = HTTPServer(group: group, configuration: HTTPServerConfiguration(), log: .silent) { request in
            var mutator = Mutator(UInt64(request.path.dropFirst()) ?? 0)
            let bytes = mutator.input(from: Corpus.replies, tokens: Corpus.lines)
            let cut = mutator.below(bytes.count + 1)
            let endings: [ResponseStep] = [.close, .reset, .reset, .close]
            let steps: [ResponseStep] = [.raw(Array(bytes[..<cut])), .raw(Array(bytes[cut...])), mutator.pick(endings)]
            return ServerResponse(status: 200, body: .scripted(declaredLength: nil, steps))
        }
        let url = "http://127.0.0.1:\(try server.start())/"
        let client = HTTPClient(group: group)
        try await onTasks(inputs, until: end) { index in
            let number = progress.number(index)
            var request = HTTPRequest(url: url + String(number), timeouts: HTTPTimeouts(total: .seconds(5)))
            request.maxResponseBytes = 1 << 20
            if number % 3 == 0 { (request.method, request.body) = ("POST", [1, 2, 3]) }
            do throws(TransportError) {
                let response = try await client.execute(request)
                let isPossible = (100...999).contains(response.status) && response.body.count <= 1 << 20
                progress.ended(isPossible ? "answered" : "IMPOSSIBLE (\(number), status \(response.status))")
            } catch {
                progress.ended(error.kind == .totalTimeout ? "STALLED (\(number))" : error.kind.rawValue)
            }
        }
        await server.drain(grace: .seconds(2))
    }

    /// A provider's body and status to the readers of both providers: every one must come to a value.
    static func providers(_ inputs: Int, until end: SteadyInstant, _ group: EventLoopGroup, _ progress: Progress)
        async throws
    {
        let served = Ticket()
        let server = HTTPServer(group: group, configuration: HTTPServerConfiguration(), log: .silent) { request in
            _ = try? await request.body.collect(limit: 1 << 20)
            let number = progress.number(served.take())
            var mutator = Mutator(number)
            let bytes = mutator.input(from: Corpus.bodies, tokens: Corpus.values)
            let statuses = [
                200, 200, 200, 201, 400, 401, 402, 403, 404, 408, 422, 429, 499, 500, 502, 503, 504, 520, 524, 999,
            ]
            let fields = HTTPFields([
                ("Retry-After", mutator.pick(["1", "-1", "1e9", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"]))
            ])
            return .bytes(bytes, type: "application/json", status: mutator.pick(statuses), fields: fields)
        }
        let base = "http://127.0.0.1:\(try server.start())"
        let client = HTTPClient(group: group)
        let providers: [any Provider] = DeliveryMethod.allCases.flatMap { delivery in
            [ProviderKind.runware, .ideogram].map { kind in provider(kind, delivery, base, client) }
        }
        let taskID = UUID(uuidString: Corpus.taskID) ?? UUID()
        let image = SourceImage(bytes: [1], format: .png, size: PixelSize(width: 8, height: 8))
        let order = RemixRequest(model: .ideogram4, prompt: "a quiet harbour", image: image)
        try await onTasks(inputs, until: end) { index in
            let provider = providers[index % providers.count]
            let known = RecoverableTask(
                taskID: taskID,
                providerTaskID: "g-1",
                model: .ideogram4,
                count: 1 + index % 3,
                copyrightDetection: index % 2 == 0
            )
            switch index / providers.count % 3 {
            case 0:
                let task = ProviderTask(
                    attemptID: taskID,
                    taskID: taskID,
                    request: order,
                    count: 1,
                    timeout: .seconds(10)
                )
                switch await provider.perform(task) {
                case .ended(let result): progress.ended(result.failure.map { "\($0.kind)" } ?? "images")
                case .accepted: progress.ended("accepted")
                }
            case 1:
                switch await provider.poll(known, timeout: .seconds(10)) {
                case .ended: progress.ended("told")
                case .running: progress.ended("running")
                case .unknown: progress.ended("unknown")
                case .absent, .untraceable: progress.ended("not there")
                }
            default:
                _ = await provider.recover(known, timeout: .seconds(10))
                progress.ended("recovered")
            }
        }
        await server.drain(grace: .seconds(2))
    }

    private static func provider(
        _ kind: ProviderKind,
        _ delivery: DeliveryMethod,
        _ base: String,
        _ client: HTTPClient
    ) -> any Provider {
        let settings = ProviderSettings(
            name: "fuzz",
            kind: kind,
            baseURL: base,
            apiKey: Secret("fuzz-key-1234567890"),
            delivery: delivery,
            maxInFlight: 8
        )
        return kind == .runware
            ? RunwareProvider(settings: settings, client: client)
            : IdeogramProvider(settings: settings, client: client)
    }

    /// A few at a time, until all are done or the time is over.
    private static func onTasks(
        _ inputs: Int,
        until end: SteadyInstant,
        _ body: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let next = Ticket()
        await withDiscardingTaskGroup { group in
            for _ in 0..<16 {
                group.addTask {
                    while SteadyInstant.now < end {
                        let index = next.take()
                        guard index < inputs else { return }
                        await body(index)
                    }
                }
            }
        }
    }

    private static func onThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<count {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread {
                            body()
                            continuation.resume()
                        }
                        .start()
                    }
                }
            }
        }
    }
}
