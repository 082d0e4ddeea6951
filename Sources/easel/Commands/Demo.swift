import EaselBase
import EaselConfiguration
import EaselCore
import EaselGateway
import EaselProviders
import EaselReporting
import EaselSandbox
import Foundation

/// The tour of `make demo`: remixes of one image through a gateway of its own, one of them failing over, and the report.
struct Demo {
    let sandbox: Sandbox?
    let configuration: Configuration
    /// The images go to `demo/` in here.
    let directory: String
    /// How whoever started it lets it listen elsewhere.
    let portMend: String

    private struct Step {
        let title: String
        let name: String
        let fields: [(String, String)]
        /// Whether the first provider answers 503 for this one.
        let failsOver: Bool
    }

    private let steps = [
        Step(
            title: "Ideogram 4.0 as a woodcut",
            name: "woodcut",
            fields: [
                ("model", "ideogram-4.0"), ("prompt", "the same scene as a woodcut print"), ("strength", "0.5"),
                ("rendering_speed", "turbo"),
            ],
            failsOver: false
        ),
        Step(
            title: "Ideogram 3.0, two images as PNG",
            name: "watercolour",
            fields: [
                ("model", "ideogram-3.0"), ("prompt", "a loose watercolour of this place"), ("count", "2"),
                ("style_preset", "WATERCOLOR"), ("output.format", "png"),
            ],
            failsOver: false
        ),
        Step(
            title: "Ideogram 3.0 while the first provider is down",
            name: "poster",
            fields: [("model", "ideogram-3.0"), ("prompt", "a travel poster of this place"), ("strength", "0.7")],
            failsOver: true
        ),
        Step(
            title: "Ideogram 1.0 as WebP",
            name: "night",
            fields: [
                ("model", "ideogram-1.0"), ("prompt", "the same place at night"), ("output.format", "webp"),
            ],
            failsOver: false
        ),
    ]

    func run() async throws {
        let runtime = try await Runtime.start(configuration, log: Log(minimum: .error))
        let port: Int
        do {
            port = Int(try runtime.gateway.start())
        } catch {
            await runtime.stop()
            throw CommandFailure("cannot listen on \(configuration.listen): \(sentence(for: error)); \(portMend)")
        }
        let beside = Task(name: "beside requests") { await runtime.run() }
        do {
            try await tour("http://127.0.0.1:\(port)")
        } catch {
            await runtime.stop(beside: beside)
            throw error
        }
        await runtime.stop(beside: beside)
    }

    private func tour(_ url: String) async throws {
        let folder = directory + "/demo"
        try PrivateFiles.makeFolder(folder)
        let source = folder + "/source.jpg"
        try ExampleImage.write(to: source)
        let original = [UInt8](FileManager.default.contents(atPath: source) ?? Data())
        let key = String(
            decoding: FileManager.default.contents(atPath: configuration.dataDirectory + "/admin-key") ?? Data(),
            as: UTF8.self
        )
        let client = APIClient(baseURL: url, key: key.trimmingCharacters(in: .whitespacesAndNewlines))
        Output.data("One image, \(steps.count) remixes through \(url) (simulated providers, nothing is charged)\n")
        var failovers = 0
        let began = TimeSource.system.now
        for step in steps {
            let fault = FaultRule(provider: configuration.providers.first?.kind, timing: .first(1), kind: .status(503))
            if step.failsOver { try await sandbox?.setFaults([fault]) }
            let reply = try await remix(client, step, original)
            if step.failsOver { try await sandbox?.setFaults([]) }
            let attempts = reply["attempts"]?.arrayValue ?? []
            let path = attempts.map { "\($0["provider"]?.stringValue ?? "?") \($0["outcome"]?.stringValue ?? "?")" }
            if attempts.count > 1 { failovers += 1 }
            Output.data("\(step.title)\n  \(path.joined(separator: ", then "))")
            for (index, image) in (reply["images"]?.arrayValue ?? []).enumerated() {
                let format = image["format"]?.stringValue ?? "jpg"
                guard let text = image["base64"]?.stringValue, let data = Data(base64Encoded: text) else { continue }
                let file = "\(folder)/\(step.name)-\(index + 1).\(format)"
                try data.write(to: URL(fileURLWithPath: file))
                let size = "\(image["width"]?.intValue ?? 0)x\(image["height"]?.intValue ?? 0)"
                Output.data("  \(file)  \(size)  \(ByteSizeText.format(data.count))")
            }
        }
        Output.data("\n")
        let report = try Report(
            Report.usage,
            json: try await client.get(
                "/v1/reports/usage",
                query: [("group_by", "model,provider"), ("from", began.description)]
            )
        )
        Output.data(ReportText(report, style: Output.style).table())
        guard failovers > 0 else { throw CommandFailure("no call failed over, which is what this demo is about") }
        Output.data(
            "\(Counted.text(failovers, "call")) failed over to the second provider. The images are in \(folder)/."
        )
    }

    private func remix(_ client: APIClient, _ step: Step, _ original: [UInt8]) async throws -> JSONValue {
        var form = MultipartBody()
        form.addFile("image", SourceImage(bytes: original, format: .jpg, size: PixelSize(width: 1, height: 1)))
        for (name, value) in step.fields { form.add(name, value) }
        form.add("output.type", "base64")
        let boundary = MultipartBody.freshBoundary()
        let body = try await client.post(
            "/v1/remix",
            body: form.encode(boundary: boundary),
            type: "multipart/form-data; boundary=\(boundary)"
        )
        return try JSON.decode(JSONValue.self, from: body)
    }
}
