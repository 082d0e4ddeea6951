import EaselBase
import EaselCalls
import EaselConfiguration
import EaselCore
import EaselGateway
import EaselProviders
import EaselSandbox
import EaselTransport
import Foundation

/// `easel up`: everything on this machine with nothing to configure; with `--demo` a short tour that ends by itself.
enum UpCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let environment = ProcessInfo.processInfo.environment
        let directory = arguments.text("data-dir") ?? ".easel"
        let isDemo = arguments.has("demo")
        // A demo takes whatever port is free unless told, and leaves a server that may be running alone.
        let port = arguments.integer("port") ?? (isDemo ? 0 : 8080)
        let place = isDemo ? directory + "/demo-data" : directory
        try DataFolder.prepare(place)
        let keys = isDemo ? [] : providerKeys(environment)
        let group = EventLoopGroup(name: "sandbox-loop", count: 1)
        var sandbox: Sandbox?
        if keys.isEmpty {
            sandbox = try startSandbox(group)
            if !isDemo {
                let names = ProviderRegistry.standard.profiles.map(\.keyVariable).joined(separator: " or ")
                Output.note("No \(names) in the environment: sandbox providers answer and nothing is charged.")
            }
        }
        let configuration = try Configuration.parse(
            text: text(port: port, directory: place, keys: keys, sandbox: sandbox),
            file: "easel up",
            environment: environment,
            kinds: ProviderRegistry.standard.profiles
        )
        // What people read is on standard error here, so a server's log begins at warnings.
        let log = Log(minimum: .warning)
        let mend =
            "choose another port with --port N, such as `easel up\(isDemo ? " --demo" : "") --port \(port == 8080 ? 8081 : 8080)`"
        if isDemo {
            try await Demo(sandbox: sandbox, configuration: configuration, directory: directory, portMend: mend).run()
        } else {
            try await ServeCommand.serve(configuration, log: log, portMend: mend) { url in
                try await welcome(url: url, directory: place)
            }
        }
        await sandbox?.stop()
        group.shutdown()
    }

    /// Kinds of providers whose keys are in the environment.
    private static func providerKeys(_ environment: [String: String]) -> [ProviderProfile] {
        ProviderRegistry.standard.profiles.filter { !(environment[$0.keyVariable] ?? "").isEmpty }
    }

    private static func startSandbox(_ group: EventLoopGroup) throws -> Sandbox {
        var configuration = SandboxConfiguration()
        configuration.hasPortEach = true
        configuration.latency = .milliseconds(300)...(.milliseconds(600))
        let sandbox = Sandbox(group: group, configuration: configuration, log: Log(minimum: .warning))
        _ = try sandbox.start()
        return sandbox
    }

    /// The configuration in the words that an operator would write.
    private static func text(port: Int, directory: String, keys: [ProviderProfile], sandbox: Sandbox?) -> String {
        var lines = ["listen: 127.0.0.1:\(port)", "data_dir: \(quoted(directory))", "providers:"]
        let simulated = ProviderRegistry.standard.profiles.filter { sandbox?.kinds.contains($0.kind) == true }
        for profile in sandbox == nil ? keys : simulated {
            let kind = profile.kind
            lines += ["  \(kind.rawValue):", "    kind: \(kind.rawValue)"]
            if let sandbox {
                lines += ["    base_url: \(sandbox.baseURL(kind))", "    api_key: sandbox-key"]
            } else {
                lines.append("    api_key: ${\(profile.keyVariable)}")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "''") + "'"
    }

    // MARK: - What a newcomer sees

    private static func welcome(url: String, directory: String) async throws {
        let key = try await teamKey(url: url, directory: directory)
        let image = directory + "/example.jpg"
        if !FileManager.default.fileExists(atPath: image) { try ExampleImage.write(to: image) }
        Output.note(
            """

            Easel is ready.

              URL        \(url)
              team key   \(key)
              admin key  in \(directory)/admin-key

            Remix an image:

              curl -s \(url)/v1/remix \\
                -H 'Authorization: Bearer \(key)' \\
                -F \(shellWord("image=@" + image)) \\
                -F model=ideogram-4.0 \\
                -F prompt='the same scene as a woodcut print'

            Then look at the figures:

              \(command("report usage", directory))
              \(command("calls list", directory))

            Ctrl-C stops it.
            """
        )
    }

    /// A command line that works where this one did: the program as it was called, and the directory where address and key
    /// lie.
    private static func command(_ words: String, _ directory: String) -> String {
        let program = CommandLine.arguments.first ?? "easel"
        let place = directory == ".easel" ? "" : " --data-dir \(shellWord(directory))"
        return "\(shellWord(program)) \(words)\(place)"
    }

    private static func shellWord(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            "/._-+".utf8.contains($0) || (65...90).contains($0 & 0xDF) || (48...57).contains($0) || $0 == 61 || $0 == 64
        }
        return isPlain && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// The key of the team `default` for this directory: made once, kept in a file, made anew when it was revoked.
    private static func teamKey(url: String, directory: String) async throws -> String {
        let file = directory + "/team-key"
        if let data = FileManager.default.contents(atPath: file) {
            let key = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            if (try? await APIClient(baseURL: url, key: key).get("/v1/providers")) != nil { return key }
        }
        let admin = FileManager.default.contents(atPath: directory + "/admin-key") ?? Data()
        let adminKey = String(decoding: admin, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let body = try await APIClient(baseURL: url, key: adminKey).post(
            "/v1/keys",
            json: ["team": Runtime.defaultTeam]
        )
        guard let key = try JSON.decode(JSONValue.self, from: body)["key"]?.stringValue else {
            throw CommandFailure("the gateway returned no key")
        }
        try? FileManager.default.removeItem(atPath: file)
        _ = try SecretFile.readOrCreate(file) { key }
        return key
    }
}
