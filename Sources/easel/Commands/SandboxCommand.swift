import EaselBase
import EaselConfiguration
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation

/// `easel sandbox`: the simulated providers on their own, until a signal.
enum SandboxCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        Output.becomeServer()
        ServeCommand.withstandStrays()
        let signals = Signals.stream(Signals.isIgnored(SIGHUP) ? [SIGTERM, SIGINT] : [SIGTERM, SIGINT, SIGHUP])
        let port = UInt16(clamping: arguments.integer("port") ?? 8090)
        var configuration = SandboxConfiguration()
        configuration.host = arguments.text("host") ?? "127.0.0.1"
        configuration.port = port
        configuration.hasPortEach = true
        configuration.apiKeys = [arguments.text("api-key") ?? "sandbox-key"]
        configuration.pixelScale = arguments.integer("pixel-scale") ?? 1
        let latency = arguments.duration("latency") ?? .zero
        configuration.latency = latency...latency
        if let file = arguments.text("faults") {
            let bytes = try InputFile.bytes(file)
            do {
                configuration.faults = try FaultRule.list(
                    from: try JSON.decode(JSONValue.self, from: bytes),
                    providers: Sandbox.standard.map(\.kind)
                )
            } catch {
                throw CommandFailure("\(file): \(sentence(for: error))", code: ExitCode.usage)
            }
        }
        let group = EventLoopGroup(name: "sandbox-loop", count: 1)
        let sandbox = Sandbox(group: group, configuration: configuration, log: Log())
        do {
            _ = try sandbox.start()
        } catch {
            throw CommandFailure("the sandbox cannot listen: \(sentence(for: error))")
        }
        let addresses = sandbox.kinds.map { "\"\($0.rawValue)\":\"\(sandbox.baseURL($0))\"," }.joined()
        Output.data("{\"event\":\"ready\",\(addresses)\"control\":\"\(sandbox.controlURL)\"}")
        var iterator = signals.makeAsyncIterator()
        _ = await iterator.next()
        await sandbox.stop()
        group.shutdown()
    }
}
