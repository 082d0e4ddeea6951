package import EaselBase
import EaselServer
package import EaselTransport

/// Simulated Runware and Ideogram servers that follow the providers' documents strictly and misbehave on demand.
///
/// Runware is at `http://HOST:PORT/runware/v1`, Ideogram at `http://HOST:PORT/ideogram` with the documents' paths below
/// it, and `/sandbox/...` on every port shows and steers the simulation. Whatever is executed is charged in the
/// ``billing`` record, even when the client never hears of it: the figures of a gateway can be compared with it.
package final class Sandbox: Sendable {
    private struct Listeners {
        var runware: HTTPServer?
        var ideogram: HTTPServer?
        var runwarePort: UInt16 = 0
        var ideogramPort: UInt16 = 0
    }

    /// The largest request body: eight images of ten megabytes as base64, and some.
    private static let maxBodyBytes = 128 << 20

    let context: SandboxContext
    private let group: EventLoopGroup
    private let log: Log
    private let runware: RunwareService
    private let ideogram: IdeogramService
    private let listeners = Locked(Listeners())

    /// Prepares the providers; nothing listens before ``start()``. The group must outlive the sandbox.
    package init(group: EventLoopGroup, configuration: SandboxConfiguration, log: Log) {
        self.group = group
        self.log = log
        context = SandboxContext(configuration: configuration, client: HTTPClient(group: group))
        runware = RunwareService(context: context)
        ideogram = IdeogramService(context: context)
    }

    /// Listens, and answers Runware's port.
    ///
    /// Throws `HTTPServerError` when a port is taken, and ``FaultRuleError`` when the configured rules close a port that
    /// is not fixed or not the provider's alone.
    package func start() throws -> UInt16 {
        let configuration = context.configuration
        let refused = try refusedProviders(configuration.faults)
        let runwarePort = try open(.runware, port: configuration.runwarePort, refused: refused)
        if let port = configuration.ideogramPort {
            _ = try open(.ideogram, port: port, refused: refused)
        } else {
            listeners.withLock { $0.ideogramPort = runwarePort }
        }
        return runwarePort
    }

    /// Stops listening; requests that are being answered have up to `grace` left.
    package func stop(grace: Duration = .zero) async {
        let servers = listeners.withLock { listeners -> [HTTPServer] in
            defer { (listeners.runware, listeners.ideogram) = (nil, nil) }
            return [listeners.runware, listeners.ideogram].compactMap { $0 }
        }
        for server in servers { await server.drain(grace: grace) }
    }

    /// `http://HOST:PORT/runware/v1`, once started.
    package var runwareBaseURL: String { "\(origin(.runware))/runware/v1" }

    /// `http://HOST:PORT/ideogram`, once started.
    package var ideogramBaseURL: String { "\(origin(.ideogram))/ideogram" }

    /// `http://HOST:PORT/sandbox`, once started.
    package var controlURL: String { "\(origin(.runware))/sandbox" }

    /// The providers' own books.
    package var billing: BillingRecord { context.billing }

    /// What was asked.
    package var journal: RequestJournal { context.journal }

    /// Forgets tasks, results, books and journal, and puts the configuration's fault rules in force again.
    package func reset() async {
        runware.reset()
        ideogram.reset()
        context.billing.reset()
        context.journal.reset()
        try? await setFaults(context.configuration.faults)
    }

    /// Puts other fault rules in force; counting begins anew. Opens and closes ports as `connectRefused` says; what is
    /// being answered on a port that closes is cut off, so ask for it on the other one.
    ///
    /// Throws ``FaultRuleError`` when a port would have to be closed that is not the provider's alone, and
    /// `HTTPServerError` when a port that was closed is taken by now.
    package func setFaults(_ rules: [FaultRule]) async throws {
        let refused = try refusedProviders(rules)
        context.faults.replace(rules)
        for provider in SandboxProvider.allCases {
            if refused.contains(provider) {
                if let server = take(provider) { await server.drain(grace: .milliseconds(50)) }
            } else if isClosed(provider) {
                _ = try listen(provider, port: port(provider))
            }
        }
    }

    // MARK: - Ports

    /// The providers whose port the rules close.
    private func refusedProviders(_ rules: [FaultRule]) throws(FaultRuleError) -> [SandboxProvider] {
        let refused = SandboxProvider.allCases.filter { provider in
            rules.contains { $0.kind == .connectRefused && ($0.provider == nil || $0.provider == provider) }
        }
        guard refused.isEmpty || context.configuration.ideogramPort != nil else {
            throw FaultRuleError(message: "connect_refused needs a port of its own for each provider")
        }
        return refused
    }

    /// Listens, unless the rules say that nobody does.
    private func open(
        _ provider: SandboxProvider,
        port: UInt16,
        refused: [SandboxProvider]
    ) throws -> UInt16 {
        guard refused.contains(provider) else { return try listen(provider, port: port) }
        guard port != 0 else {
            throw FaultRuleError(message: "connect_refused from the start needs a fixed port")
        }
        listeners.withLock { listeners in
            if provider == .runware { listeners.runwarePort = port } else { listeners.ideogramPort = port }
        }
        return port
    }

    private func listen(_ provider: SandboxProvider, port: UInt16) throws -> UInt16 {
        let server = HTTPServer(
            group: group,
            configuration: HTTPServerConfiguration(host: context.configuration.host, port: port),
            log: log
        ) { [weak self] request in
            guard let self else { return .problem(status: 503, code: "unavailable") }
            return await self.handle(request)
        }
        let actual = try server.start()
        listeners.withLock { listeners in
            switch provider {
            case .runware: (listeners.runware, listeners.runwarePort) = (server, actual)
            case .ideogram: (listeners.ideogram, listeners.ideogramPort) = (server, actual)
            }
        }
        return actual
    }

    private func port(_ provider: SandboxProvider) -> UInt16 {
        listeners.withLock { provider == .runware ? $0.runwarePort : $0.ideogramPort }
    }

    private func origin(_ provider: SandboxProvider) -> String {
        "http://\(context.configuration.host):\(port(provider))"
    }

    private func take(_ provider: SandboxProvider) -> HTTPServer? {
        listeners.withLock { listeners in
            switch provider {
            case .runware:
                defer { listeners.runware = nil }
                return listeners.runware
            case .ideogram:
                defer { listeners.ideogram = nil }
                return listeners.ideogram
            }
        }
    }

    /// Whether a provider that has a port of its own and was started does not listen.
    private func isClosed(_ provider: SandboxProvider) -> Bool {
        listeners.withLock { listeners in
            switch provider {
            case .runware: listeners.runwarePort != 0 && listeners.runware == nil
            case .ideogram:
                context.configuration.ideogramPort != nil && listeners.ideogramPort != 0 && listeners.ideogram == nil
            }
        }
    }

    // MARK: - Requests

    private func handle(_ request: ServerRequest) async -> ServerResponse {
        let body: [UInt8]
        do {
            body = try await request.body.collect(limit: Self.maxBodyBytes)
        } catch {
            return .problem(for: error)
        }
        // Forms and JSON with images inside are too long a work for an event loop.
        return await withTaskExecutorPreference(ThreadPoolExecutor.shared) {
            await answer(
                method: request.method,
                path: request.path,
                query: request.query,
                fields: request.fields,
                body: body
            ).response
        }
    }

    /// Answers a request that has been read.
    func answer(
        method: String,
        path: String,
        query: [(name: String, value: String)],
        fields: HTTPFields,
        body: [UInt8]
    ) async -> SandboxReply {
        func call(below prefix: String) -> SandboxCall {
            SandboxCall(
                method: method,
                path: String(path.dropFirst(prefix.count)),
                query: query,
                fields: fields,
                body: body,
                receivedAt: context.time.now
            )
        }
        if path.hasPrefix("/sandbox/") { return await ControlRoutes.answer(call(below: "/sandbox"), self) }
        let provider: SandboxProvider
        let reply: SandboxReply
        if path.hasPrefix("/runware/") {
            provider = .runware
            reply = await runware.answer(call(below: "/runware"))
        } else if path.hasPrefix("/ideogram/") {
            provider = .ideogram
            reply = await ideogram.answer(call(below: "/ideogram"))
        } else {
            return .html("404 Not Found", status: 404)
        }
        let isAnswered = reply.delivery != .reset && reply.delivery != .hang
        context.journal.add(
            JournalEntry(
                provider: provider,
                method: method,
                path: path,
                model: reply.model,
                status: isAnswered ? reply.status : nil,
                hadCredentials: fields["Authorization"] != nil || fields["Api-Key"] != nil,
                at: context.time.now
            )
        )
        return reply
    }
}
