import EaselBase
import EaselConfiguration
import EaselReporting
import EaselTransport
import Foundation

/// Shows something again and again, over itself on a terminal, until a signal.
enum Watch {
    static let options: [OptionSpec] = [
        .flag("watch", short: "w", "repeat until interrupted"),
        .option("interval", ValueSpec("TIME", .duration), default: "2s", "how often --watch repeats").needing(
            "watch"
        ),
    ]

    /// - Parameter frame: what is shown, as text for people or as data; `redraws` says which.
    static func run(
        _ arguments: ParsedArguments,
        redraws: Bool,
        frame: @escaping @Sendable () async throws -> String
    ) async throws {
        let interval = try interval(arguments) ?? .seconds(2)
        // A wrong address or key ends it at once; what happens later is shown and waited out.
        let first = try await frame()
        await untilSignal {
            await loop(first, every: interval, redraws: redraws && Output.terminal.movesCursor, frame)
        }
    }

    /// The value of `--interval`; nil when it was not given.
    static func interval(_ arguments: ParsedArguments) throws -> Duration? {
        guard let interval = arguments.duration("interval") else { return nil }
        guard interval >= .milliseconds(100) else {
            throw CommandFailure("--interval is at least 100ms", code: ExitCode.usage)
        }
        return interval
    }

    /// Runs something until it ends, or is cancelled by SIGINT or SIGTERM.
    static func untilSignal(_ body: @escaping @Sendable () async -> Void) async {
        let stops = Signals.stream([SIGINT, SIGTERM])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in stops { return } }
            group.addTask { await body() }
            _ = await group.next()
            group.cancelAll()
        }
    }

    private static func loop(
        _ first: String,
        every interval: Duration,
        redraws: Bool,
        _ frame: @Sendable () async throws -> String
    ) async {
        let escape = Output.escape
        if redraws { Output.data("\(escape)[2J\(escape)[H") }
        var next: String? = first
        while !Task.isCancelled, !Output.isUnread {
            do {
                let text: String
                if let next { text = next } else { text = try await frame() }
                next = nil
                // From the top, each line cleared to its end, and what an earlier frame left below.
                // What does not redraw is data for programs, or goes to a file.
                if redraws {
                    Output.data("\(escape)[H" + text.replacing("\n", with: "\(escape)[K\n") + "\(escape)[J")
                } else {
                    Output.raw(text)
                }
            } catch {
                if Task.isCancelled { return }
                Output.note("easel: \(sentence(for: error))")
            }
            do { try await Task.sleep(for: interval) } catch { return }
        }
    }
}
