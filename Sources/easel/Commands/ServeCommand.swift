import EaselBase
import EaselConfiguration
import EaselCore
import EaselGateway
import EaselProviders
import EaselReporting
import EaselTransport
import Foundation

/// `easel serve`: everything of one configuration, until a signal.
enum ServeCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let path = arguments.text("config") ?? "easel.yaml"
        let configuration = try Configuration.load(path: path, kinds: ProviderRegistry.standard.profiles)
        let log = Log(minimum: configuration.logging.level)
        switch arguments.text("only") {
        case "reporter": try await report(configuration, path: path, log: log)
        case "gateway": try await serve(configuration, path: path, withReporter: false, log: log) { _ in }
        default: try await serve(configuration, path: path, log: log) { _ in }
        }
    }

    /// Serves until SIGTERM or SIGINT; without a file to load anew until SIGHUP as well.
    /// - Parameters:
    ///   - path: the configuration's file, loaded anew on SIGHUP.
    ///   - portMend: how whoever started it lets it listen elsewhere.
    ///   - ready: called once the gateway listens, with its URL.
    static func serve(
        _ configuration: Configuration,
        path: String? = nil,
        withReporter: Bool = true,
        log: Log,
        portMend: String = "stop the program that listens there, or set `listen` to another address",
        ready: (String) async throws -> Void
    ) async throws {
        Output.becomeServer()
        withstandStrays()
        // Before anything is started, so that a signal during the start is not the end of a half-made database.
        let signals = Signals.stream(stops(path))
        raiseFileLimit()
        guard
            let runtime = try await unlessStopped(
                log,
                path,
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
        let reloader = path.map { path in
            Reloader(path: path, running: configuration, log: log) { try runtime.adopt($0) }
        }
        LocalURL.write(url, in: configuration.dataDirectory)
        Output.data("{\"event\":\"ready\",\"url\":\"\(url)\"}")
        log.info("ready", ["url": url])
        do {
            try await ready(url)
        } catch {
            await runtime.stop(beside: beside)
            throw error
        }
        await untilStopped(signals, reloader)
        let last = reloader?.configuration ?? configuration
        if last.shutdownDelay > .zero {
            log.info("no longer ready", ["delay": DurationText.format(last.shutdownDelay)])
            runtime.gateway.announceEnd()
            await pause(last.shutdownDelay)
        }
        // From here on: a signal that cut the delay short is none that ends the wait.
        let more = Signals.stream([SIGTERM, SIGINT, SIGHUP])
        log.info("stopping", ["grace": DurationText.format(last.shutdownGrace)])
        reloader?.stop()
        let stopping = Task(name: "stop") {
            await runtime.stop(beside: beside)
        }
        // A second signal ends the wait: what was acknowledged is on disk, the rest is recovered at the next start. A hang-up
        // is none, as a terminal that closes may send several.
        let impatience = Task(name: "second signal") { @concurrent in
            for await signal in more {
                if signal == SIGHUP {
                    reloader?.ask()
                    continue
                }
                log.warning("stopped at once by a second signal")
                ExitCode.end(with: ExitCode.done)
            }
        }
        await stopping.value
        impatience.cancel()
        log.info("stopped")
    }

    /// The reporting daemon alone, until SIGTERM or SIGINT.
    private static func report(_ configuration: Configuration, path: String, log: Log) async throws {
        Output.becomeServer()
        withstandStrays()
        let signals = Signals.stream(stops(path))
        guard
            let runtime = try await unlessStopped(
                log,
                path,
                { try await ReporterRuntime.start(configuration, isStopping: $0, log: log) }
            )
        else { return }
        let reporting = Task(name: "reporter") { await runtime.run() }
        Output.data("{\"event\":\"ready\",\"part\":\"reporter\"}")
        log.info("ready", ["part": "reporter"])
        let reloader = Reloader(path: path, running: configuration, log: log) { runtime.adopt($0) }
        await untilStopped(signals, reloader)
        reloader.stop()
        reporting.cancel()
        await reporting.value
        await runtime.stop()
        log.info("stopped")
    }

    /// Signals that mean nothing to a server of ours are not its end.
    static func withstandStrays() { Signals.withstand([SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF]) }

    /// Starts something that may wait for its database; nil when a signal came meanwhile.
    private static func unlessStopped<Started>(
        _ log: Log,
        _ path: String?,
        _ start: (@escaping @Sendable () -> Bool) async throws -> Started
    ) async throws -> Started? {
        let isStopping = Locked(false)
        let signals = Signals.stream(path == nil ? stops(nil) : [SIGTERM, SIGINT])
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

    /// The signals that are listened to. Whoever started it may have chosen that a hang-up means nothing (`nohup`).
    private static func stops(_ path: String?) -> [Int32] {
        path == nil && Signals.isIgnored(SIGHUP) ? [SIGTERM, SIGINT] : [SIGTERM, SIGINT, SIGHUP]
    }

    /// Returns at the first signal that asks for the end.
    private static func untilStopped(_ signals: AsyncStream<Int32>, _ reloader: Reloader?) async {
        for await signal in signals {
            guard signal == SIGHUP, let reloader else { return }
            reloader.ask()
        }
    }

    /// Waits so long, or until another signal asks for the end.
    private static func pause(_ delay: Duration) async {
        let hurry = Signals.stream([SIGTERM, SIGINT])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in hurry { return } }
            group.addTask { try? await Task.sleep(for: delay) }
            _ = await group.next()
            group.cancelAll()
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
