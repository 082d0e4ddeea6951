import EaselBase
import EaselConfiguration
import EaselCore
import EaselProviders
import EaselReporting
import EaselTransport
import Foundation

/// Loads the configuration anew when it is asked to, one time after another; what is asked for meanwhile is one more time.
///
/// A configuration with faults changes nothing: what runs goes on, and the log names the faults.
final class Reloader: Sendable {
    private let path: String
    private let log: Log
    private let running: Locked<Configuration>
    private let apply: @Sendable (Configuration.Reloaded) throws -> Void
    private let requests: AsyncStream<Void>.Continuation
    private let isStopping = Locked(false)

    /// - Parameters:
    ///   - path: the file, read again each time; relative to where the program was started.
    ///   - running: what it runs with.
    ///   - apply: makes the rest of the program follow. When it throws, it has changed nothing.
    init(
        path: String,
        running: Configuration,
        log: Log,
        apply: @escaping @Sendable (Configuration.Reloaded) throws -> Void
    ) {
        self.path = path
        self.log = log
        self.running = Locked(running)
        self.apply = apply
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        requests = continuation
        // Apart from whoever waits for signals: a file that does not answer must not hold up a stop.
        Task(name: "reload") { @concurrent [weak self] in
            for await _ in stream { self?.load() }
        }
    }

    deinit { requests.finish() }

    /// What the program runs with now.
    var configuration: Configuration { running.withLock(\.self) }

    /// Returns at once.
    func ask() {
        guard !isStopping.withLock(\.self) else {
            return log.warning("the configuration was not reloaded: Easel is stopping")
        }
        requests.yield()
    }

    /// Nothing is loaded any more.
    func stop() {
        isStopping.withLock { $0 = true }
        requests.finish()
    }

    private func load() {
        let reloaded: Configuration.Reloaded
        do throws(ConfigurationError) {
            reloaded = running.withLock(\.self).reloading(
                try Configuration.load(path: path, kinds: ProviderRegistry.standard.profiles)
            )
        } catch {
            for fault in error.faults { log.error("a fault in the configuration", ["fault": fault.description]) }
            log.error("the configuration has faults; nothing was changed", ["faults": String(error.faults.count)])
            return
        }
        guard !isStopping.withLock(\.self) else { return }
        do {
            try apply(reloaded)
        } catch {
            return log.error("the configuration could not be reloaded", ["error": sentence(for: error)])
        }
        running.withLock { $0 = reloaded.configuration }
        log.setMinimum(reloaded.configuration.logging.level)
        if !reloaded.waiting.isEmpty {
            log.warning(
                "these settings were changed and take effect after a restart",
                ["settings": reloaded.waiting.joined(separator: ", ")]
            )
        }
        let renewed = reloaded.renewed.sorted().joined(separator: ", ")
        log.info("the configuration was reloaded", ["renewed_providers": renewed])
    }
}

/// Runs the alert daemon of the configuration of now, and another one when that changes.
final class AlertKeeper: Sendable {
    private let settings: AsyncStream<AlertSettings>
    private let continuation: AsyncStream<AlertSettings>.Continuation
    private let make: @Sendable (AlertSettings) -> AlertDaemon?

    /// - Parameter make: nil where nobody is to be told of anything.
    init(_ first: AlertSettings, make: @escaping @Sendable (AlertSettings) -> AlertDaemon?) {
        self.make = make
        (settings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        continuation.yield(first)
    }

    /// What stands in the database about alerts stays: states, mutes, and deliveries that wait.
    func adopt(_ new: AlertSettings) { continuation.yield(new) }

    /// Works until cancelled. To be called once.
    func run() async {
        var daemon: Task<Void, Never>?
        for await settings in settings {
            daemon?.cancel()
            await daemon?.value
            daemon = make(settings).map { made in Task(name: "alerts") { await made.run() } }
        }
        daemon?.cancel()
        await daemon?.value
    }
}
