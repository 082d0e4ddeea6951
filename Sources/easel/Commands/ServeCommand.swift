import EaselBase
import EaselConfiguration
import EaselGateway
import EaselReporting
import EaselTransport
import Foundation

/// `easel serve`: everything of one configuration, until a signal.
enum ServeCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let path = arguments.text("config") ?? "easel.yaml"
        let configuration = try Configuration.load(path: path)
        let log = Log(minimum: configuration.logging.level)
        switch arguments.text("only") {
        case "reporter": try await report(configuration, log: log)
        case "gateway": try await serve(configuration, withReporter: false, log: log) { _ in }
        default: try await serve(configuration, log: log) { _ in }
        }
    }

    /// Serves until SIGTERM or SIGINT.
    /// - Parameters:
    ///   - portMend: how whoever started it lets it listen elsewhere.
    ///   - ready: called once the gateway listens, with its URL.
    static func serve(
        _ configuration: Configuration,
        withReporter: Bool = true,
        log: Log,
        portMend: String = "stop what listens there, or set `listen` to another address",
        ready: (String) async throws -> Void
    ) async throws {
        Output.becomeServer()
        // Before anything is started, so that a signal during the start is not the end of a half-made database.
        let signals = Signals.stream([SIGTERM, SIGINT])
        raiseFileLimit()
        guard
            let runtime = try await unlessStopped(
                log,
                { try await Runtime.start(configuration, isStopping: $0, log: log) }
            )
        else { return }
        let url: String
        do {
            let port = try runtime.gateway.start()
            url = "http://\(shownHost(configuration.listen.host)):\(port)"
        } catch {
            await runtime.stop()
            throw CommandFailure("cannot listen on \(configuration.listen): \(sentence(for: error)); \(portMend)")
        }
        let beside = Task(name: "beside requests") { await runtime.run(withReporter: withReporter) }
        Output.data("{\"event\":\"ready\",\"url\":\"\(url)\"}")
        log.info("ready", ["url": url])
        do {
            try await ready(url)
        } catch {
            beside.cancel()
            await runtime.stop()
            throw error
        }
        var iterator = signals.makeAsyncIterator()
        _ = await iterator.next()
        log.info("stopping", ["grace": DurationText.format(configuration.shutdownGrace)])
        let stopping = Task(name: "stop") {
            await runtime.stop()
            beside.cancel()
        }
        // A second signal ends the wait: what was acknowledged is on disk, the rest is recovered at the next start.
        let impatience = Task(name: "second signal") { @concurrent in
            for await _ in signals {
                log.warning("stopped at once by a second signal")
                ExitCode.end(with: ExitCode.done)
            }
        }
        await stopping.value
        impatience.cancel()
        log.info("stopped")
    }

    /// The reporting daemon alone, until SIGTERM or SIGINT.
    private static func report(_ configuration: Configuration, log: Log) async throws {
        Output.becomeServer()
        let signals = Signals.stream([SIGTERM, SIGINT])
        guard
            let runtime = try await unlessStopped(
                log,
                { try await ReporterRuntime.start(configuration, isStopping: $0, log: log) }
            )
        else { return }
        let reporting = Task(name: "reporter") { await runtime.run() }
        Output.data("{\"event\":\"ready\",\"part\":\"reporter\"}")
        log.info("ready", ["part": "reporter"])
        var iterator = signals.makeAsyncIterator()
        _ = await iterator.next()
        reporting.cancel()
        await reporting.value
        await runtime.stop()
        log.info("stopped")
    }

    /// Starts something that may wait for its database; nil when a signal came meanwhile.
    private static func unlessStopped<Started>(
        _ log: Log,
        _ start: (@escaping @Sendable () -> Bool) async throws -> Started
    ) async throws -> Started? {
        let isStopping = Locked(false)
        let signals = Signals.stream([SIGTERM, SIGINT])
        let watch = Task(name: "signal during the start") { @concurrent in
            for await _ in signals { isStopping.withLock { $0 = true } }
        }
        defer { watch.cancel() }
        do {
            return try await start { isStopping.withLock(\.self) }
        } catch is DatabaseWait.Stopped {
            log.info("stopped before the database was there")
            return nil
        }
    }

    private static func shownHost(_ host: String) -> String {
        switch host {
        case "0.0.0.0", "::", "": "127.0.0.1"
        default: host.contains(":") ? "[\(host)]" : host
        }
    }

    /// As many open files as the system allows: two for each call that is proxied.
    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
        else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
