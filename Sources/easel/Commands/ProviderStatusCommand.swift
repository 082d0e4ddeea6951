import EaselBase
import EaselConfiguration
import EaselReporting
import EaselTransport
import Foundation

/// `easel provider status`: how the providers stand now, once or again and again.
enum ProviderStatusCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        guard arguments.has("watch") else {
            let body = try await client.get("/v1/providers")
            return Output.data(
                arguments.has("json") ? String(decoding: body, as: UTF8.self) : try text(body, arguments)
            )
        }
        let interval = arguments.text("interval").flatMap { DurationText.parse($0) } ?? .seconds(2)
        guard interval >= .milliseconds(100) else {
            throw CommandFailure("--interval is 100ms at least", code: ExitCode.usage)
        }
        // A wrong address or key ends it at once; what happens later is shown and waited out.
        let first = try await client.get("/v1/providers")
        let stops = Signals.stream([SIGINT, SIGTERM])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in stops { return } }
            group.addTask { await watch(client, first, every: interval, arguments) }
            _ = await group.next()
            group.cancelAll()
        }
    }

    private static func watch(
        _ client: APIClient,
        _ first: [UInt8],
        every interval: Duration,
        _ arguments: ParsedArguments
    ) async {
        let redraws = Terminal.of(.standardOutput).movesCursor && !arguments.has("json")
        if redraws { Output.data("\u{1B}[2J\u{1B}[H") }
        var body: [UInt8]? = first
        while !Task.isCancelled {
            do {
                let current: [UInt8]
                if let body { current = body } else { current = try await client.get("/v1/providers") }
                body = nil
                let frame =
                    arguments.has("json") ? String(decoding: current, as: UTF8.self) : try text(current, arguments)
                // From the top, each line cleared to its end, and what an earlier frame left below.
                Output.data(
                    redraws ? "\u{1B}[H" + frame.replacing("\n", with: "\u{1B}[K\n") + "\u{1B}[J" : frame
                )
            } catch {
                if Task.isCancelled { return }
                Output.note("easel: \((error as? CommandFailure)?.message ?? "\(error)")")
            }
            do { try await Task.sleep(for: interval) } catch { return }
        }
    }

    // MARK: - The table

    static func text(_ body: [UInt8], _ arguments: ParsedArguments) throws -> String {
        let document = try JSON.decode(JSONValue.self, from: body)
        return ProviderStatusTable.text(
            document["providers"]?.arrayValue ?? [],
            models: arguments.has("models"),
            style: Terminal.of(.standardOutput).style
        )
    }
}
