package import EaselBase
package import EaselCore
import EaselServer
package import EaselTransport

/// Simulated providers that follow their documents strictly and misbehave on demand.
///
/// Each is at `http://HOST:PORT/KIND` with the documents' paths below it, and `/sandbox/...` on every port shows and steers
/// the simulation. Whatever is executed is charged in the ``billing`` record, even when the client never hears of it: the
/// figures of a gateway can be compared with it.
package final class Sandbox: Sendable {
    /// Those that come with Easel. Another kind is a folder here and one more name in this list.
    package static let standard = [RunwareService.simulation, IdeogramService.simulation]

    private struct Listener {
        var server: HTTPServer?
        var port: UInt16
    }

    /// The largest request body: eight images of ten megabytes as base64, and some.
    private static let maxBodyBytes = 128 << 20

    package let providers: [SimulatedProvider]
    let context: SandboxContext
    private let group: EventLoopGroup
    private let log: Log
    private let services: [ProviderKind: any SimulatedService]
    /// Without a port of its own for each, all stand under the first.
    private let listeners = Locked<[ProviderKind: Listener]>([:])

    /// Prepares the providers, one at least; nothing listens before ``start()``. The group must outlive the sandbox.
    package init(
        group: EventLoopGroup,
        configuration: SandboxConfiguration,
        providers: [SimulatedProvider] = Sandbox.standard,
        log: Log
    ) {
        self.group = group
        self.log = log
        self.providers = providers
        let context = SandboxContext(
            configuration: configuration,
            client: HTTPClient(group: group),
            idPaths: providers.flatMap { provider in provider.idPaths.map { "/\(provider.kind.rawValue)\($0)" } }
        )
        self.context = context
        services = Dictionary(providers.map { ($0.kind, $0.make(context)) }, uniquingKeysWith: { first, _ in first })
    }

    package var kinds: [ProviderKind] { providers.map(\.kind) }

    /// Listens, and answers the first provider's port.
    ///
    /// Throws `HTTPServerError` when a port is taken, and ``FaultRuleError`` when the configured rules close a port that
    /// is not fixed or not the provider's alone.
    package func start() throws -> UInt16 {
        let configuration = context.configuration
        let refused = try refusedProviders(configuration.faults)
        var ports: [UInt16] = []
        for (index, provider) in listening.enumerated() {
            let port = configuration.port == 0 ? 0 : configuration.port &+ UInt16(clamping: index)
            ports.append(try open(provider, port: port, refused: refused))
        }
        return ports.first ?? 0
    }

    /// Stops listening; requests that are being answered have up to `grace` left.
    package func stop(grace: Duration = .zero) async {
        let servers = listeners.withLock { listeners -> [HTTPServer] in
            defer { for kind in listeners.keys { listeners[kind]?.server = nil } }
            return listeners.values.compactMap(\.server)
        }
        for server in servers { await server.drain(grace: grace) }
    }

    /// `http://HOST:PORT/runware/v1`, once started: what a client is to be configured with.
    package func baseURL(_ kind: ProviderKind) -> String {
        let path = providers.first { $0.kind == kind }?.path ?? ""
        return "\(origin(kind))/\(kind.rawValue)\(path)"
    }

    /// `http://HOST:PORT/sandbox`, once started.
    package var controlURL: String { "\(listening.first.map(origin) ?? "")/sandbox" }

    /// The providers' own books.
    package var billing: BillingRecord { context.billing }

    /// What was asked.
    package var journal: RequestJournal { context.journal }

    /// Forgets tasks, results, books and journal, and puts the configuration's fault rules in force again.
    package func reset() async {
        for service in services.values { service.reset() }
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
        for provider in listening {
            if refused.contains(provider) {
                if let server = take(provider) { await server.drain(grace: .milliseconds(50)) }
            } else if isClosed(provider) {
                _ = try listen(provider, port: port(provider))
            }
        }
    }

    // MARK: - Ports

    /// The providers that have a port of their own, or the first for all.
    private var listening: [ProviderKind] {
        context.configuration.hasPortEach ? kinds : Array(kinds.prefix(1))
    }

    /// The providers whose port the rules close.
    private func refusedProviders(_ rules: [FaultRule]) throws(FaultRuleError) -> [ProviderKind] {
        let refused = kinds.filter { provider in
            rules.contains { $0.kind == .connectRefused && ($0.provider == nil || $0.provider == provider) }
        }
        guard refused.isEmpty || context.configuration.hasPortEach else {
            throw FaultRuleError(message: "connect_refused needs a port of its own for each provider")
        }
        return refused
    }

    /// Listens, unless the rules say that nobody does.
    private func open(_ provider: ProviderKind, port: UInt16, refused: [ProviderKind]) throws -> UInt16 {
        guard refused.contains(provider) else { return try listen(provider, port: port) }
        guard port != 0 else {
            throw FaultRuleError(message: "connect_refused from the start needs a fixed port")
        }
        listeners.withLock { $0[provider] = Listener(server: nil, port: port) }
        return port
    }

    private func listen(_ provider: ProviderKind, port: UInt16) throws -> UInt16 {
        let server = HTTPServer(
            group: group,
            configuration: HTTPServerConfiguration(host: context.configuration.host, port: port),
            log: log
        ) { [weak self] request in
            guard let self else { return .problem(status: 503, code: "unavailable") }
            return await self.handle(request)
        }
        let actual = try server.start()
        listeners.withLock { $0[provider] = Listener(server: server, port: actual) }
        return actual
    }

    private func port(_ provider: ProviderKind) -> UInt16 {
        let first = listening.first
        return listeners.withLock { listeners in
            (listeners[provider] ?? first.flatMap { listeners[$0] })?.port ?? 0
        }
    }

    private func origin(_ provider: ProviderKind) -> String {
        "http://\(context.configuration.host):\(port(provider))"
    }

    private func take(_ provider: ProviderKind) -> HTTPServer? {
        listeners.withLock { listeners in
            defer { listeners[provider]?.server = nil }
            return listeners[provider]?.server
        }
    }

    /// Whether a provider that was started does not listen.
    private func isClosed(_ provider: ProviderKind) -> Bool {
        listeners.withLock { listeners in listeners[provider].map { $0.server == nil && $0.port != 0 } ?? false }
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
        guard let provider = kinds.first(where: { path.hasPrefix("/\($0.rawValue)/") }),
            let service = services[provider]
        else { return .html("404 Not Found", status: 404) }
        let reply = await service.answer(call(below: "/\(provider.rawValue)"))
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
