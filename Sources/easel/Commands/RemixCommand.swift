import EaselBase
import EaselConfiguration
import EaselCore
import EaselImaging
import EaselProviders
import EaselReporting
import Foundation

/// `easel remix`: one flag for each field of the request; saves the images and prints their paths.
enum RemixCommand {
    /// Everything that can fail on this machine is tried before the request, which costs money.
    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        try client.prove()
        let folder =
            try arguments.has("async")
            ? nil : ImageFolder(arguments.text("out") ?? ".", otherwise: "nothing was sent")
        let source = arguments.text("IMAGE") ?? "-"
        let boundary = MultipartBody.freshBoundary()
        let body = try form(source, arguments).encode(boundary: boundary)
        let request = PaidRequest(client, key: arguments.text("idempotency-key"))
        let progress = ProgressLine()
        let answer = try await progress.during("remixing \(name(of: source))") { _ in
            try await request.post(
                "/v1/remix",
                body: body,
                type: "multipart/form-data; boundary=\(boundary)",
                isAsync: arguments.has("async")
            )
        }
        if let folder {
            try await save(answer, source: source, in: folder, client, arguments)
        } else {
            try tellAccepted(answer, arguments)
        }
    }

    private static func form(_ source: String, _ arguments: ParsedArguments) throws -> MultipartBody {
        var form = MultipartBody()
        try addImage("image", source, to: &form)
        for (option, field) in textFields { form.add(field, arguments.text(option)) }
        if let size = arguments.text("size").flatMap({ PixelSize($0) }) {
            form.add("width", String(size.width))
            form.add("height", String(size.height))
        }
        for (option, field) in flags where arguments.has(option) { form.add(field, "true") }
        for file in arguments.texts("style-reference") { try addImage("style_reference_images", file, to: &form) }
        if let file = arguments.text("character-reference") {
            try addImage("character_reference_images", file, to: &form)
        }
        if let file = arguments.text("character-mask") { try addImage("character_reference_masks", file, to: &form) }
        for (name, value) in arguments.pairs("tag") { form.add("tags.\(name)", value) }
        form.add("output.type", arguments.has("async") ? "url" : "base64")
        form.add("output.format", arguments.text("format"))
        form.add("output.quality", arguments.text("quality"))
        if arguments.text("model") == nil { form.add("model", RemixModel.ideogram4.rawValue) }
        return form
    }

    private static func tellAccepted(_ answer: [UInt8], _ arguments: ParsedArguments) throws {
        if arguments.has("json") { return Output.data(answer) }
        let id = try JSON.decode(JSONValue.self, from: answer)["id"]?.stringValue ?? ""
        Output.data(id)
        Output.note("The call continues. `easel calls download \(id)` saves its images when it has ended.")
    }

    private static let textFields = [
        ("prompt", "prompt"), ("model", "model"), ("strength", "strength"), ("count", "count"),
        ("speed", "rendering_speed"), ("negative-prompt", "negative_prompt"), ("magic-prompt", "magic_prompt"),
        ("style-type", "style_type"), ("style-preset", "style_preset"), ("style-code", "style_code"), ("seed", "seed"),
        ("policy", "policy"), ("project", "project"), ("max-cost", "max_cost_usd"), ("deadline", "deadline"),
    ]
    private static let flags = [
        ("copyright-detection", "copyright_detection"), ("safety-check", "safety_check"), ("strict", "strict"),
    ]

    private static func addImage(_ field: String, _ source: String, to form: inout MultipartBody) throws {
        if source.hasPrefix("http://") || source.hasPrefix("https://") {
            form.add(field, source)
            return
        }
        guard !source.contains("://") else {
            throw CommandFailure("\(source): only http:// and https:// links can be given", code: ExitCode.usage)
        }
        let bytes = try InputFile.bytes(source)
        guard !bytes.isEmpty else {
            throw CommandFailure(
                "\(source == "-" ? "standard input" : source) is empty: no image",
                code: ExitCode.usage
            )
        }
        // What it is, the gateway finds out; here it only wants a name of its own kind.
        let format = (try? ImageProbe.probe(bytes))?.format ?? .png
        form.addFile(field, SourceImage(bytes: bytes, format: format, size: PixelSize(width: 1, height: 1)))
    }

    private static func name(of source: String) -> String {
        guard source != "-" else { return "the image" }
        return source.split(separator: "/").last.map { String($0.prefix { $0 != "?" }) } ?? "the image"
    }

    // MARK: - The answer

    private struct Reply: Decodable {
        struct Image: Decodable {
            let base64: String?
            let width: Int?
            let height: Int?
            let format: String?
            let nsfw: Bool?
            let copyright: String
            let withheld: Bool
        }
        struct Attempt: Decodable {
            let provider: String
            let outcome: String
            let reason: String?
        }
        let id: String
        let status: String
        let provider: String?
        let images: [Image]
        let cost_usd: String?
        let cost_basis: String?
        let latency_ms: Int
        let attempts: [Attempt]
        let translation: [TranslationEntry]
    }

    private static func save(
        _ answer: [UInt8],
        source: String,
        in folder: ImageFolder,
        _ client: APIClient,
        _ arguments: ParsedArguments
    ) async throws {
        let reply: Reply
        do {
            reply = try JSON.decode(Reply.self, from: answer)
        } catch {
            let id = (try? JSON.decode(JSONValue.self, from: answer))?["id"]?.stringValue
            throw CommandFailure(
                "the answer could not be read: \(sentence(for: error)); the call is paid for: "
                    + (id.map { "`easel calls show \($0)` shows it" } ?? "`easel calls list` shows it")
            )
        }
        var paths: [String] = []
        for image in reply.images {
            guard let text = image.base64, let data = Data(base64Encoded: text) else { continue }
            do throws(OutputFile.Failure) {
                let stem = "\(stem(of: source))-remix"
                paths.append(try folder.save([UInt8](data), stem: stem, format: image.format ?? "jpg"))
            } catch {
                ImageFolder.tell(paths)
                throw await unsaved(reply, error, client)
            }
        }
        if arguments.has("json") {
            Output.raw(try withPaths(answer, paths))
        } else {
            ImageFolder.tell(paths)
        }
        for attempt in reply.attempts where attempt.outcome != "succeeded" {
            Output.note("\(attempt.provider): \(attempt.outcome)\(told(attempt.reason))")
        }
        for entry in reply.translation where entry.action != .mapped {
            Output.note("\(entry.parameter): \(entry.action.rawValue)\(entry.note.map { ", \($0)" } ?? "")")
        }
        let withheld = reply.images.count(where: \.withheld)
        if withheld > 0 {
            Output.note(
                "\(withheld) of \(Counted.text(reply.images.count, "image")) withheld by the provider on content grounds"
            )
        }
        let isEstimate = reply.cost_basis != "provider"
        let cost =
            reply.cost_usd.map { AmountText.dollars($0) + (isEstimate ? " (estimated)" : "") } ?? "cost not known"
        var flags = ImageVerdicts()
        for image in reply.images { flags.add(nsfw: image.nsfw, copyright: image.copyright, withheld: image.withheld) }
        let flagged = flags.text.map { ", \($0)" } ?? ""
        Output.note(
            "\(reply.status) by \(reply.provider ?? "nobody")\(flagged), \(cost), \(reply.latency_ms) ms, call \(reply.id)"
        )
        if paths.isEmpty { throw CommandFailure("no image was delivered") }
    }

    /// The answer with the files' paths in place of the images' bytes.
    private static func withPaths(_ answer: [UInt8], _ paths: [String]) throws -> String {
        guard case .object(var members) = try JSON.decode(JSONValue.self, from: answer),
            let images = members["images"]?.arrayValue
        else { return String(decoding: answer, as: UTF8.self) }
        var left = paths[...]
        members["images"] = .array(
            images.map { image in
                guard case .object(var fields) = image, fields["base64"] != nil else { return image }
                fields["base64"] = nil
                fields["file"] = left.popFirst().map { .string($0) } ?? .null
                return .object(fields)
            }
        )
        return try JSON.text(JSONValue.object(members), sorted: true, pretty: true)
    }

    /// `ok` is no reason for anything.
    private static func told(_ reason: String?) -> String { reason.map { $0 == "ok" ? "" : " (\($0))" } ?? "" }

    private static func stem(of source: String) -> String {
        let name = name(of: source)
        guard source != "-" else { return "stdin" }
        return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }

    /// What was paid for and is not here, and where it is to be had.
    private static func unsaved(_ reply: Reply, _ failure: OutputFile.Failure, _ client: APIClient) async
        -> CommandFailure
    {
        var lines = [
            "not all images could be saved: \(failure.sentence)",
            "  call \(reply.id) \(reply.status), \(reply.cost_usd.map { AmountText.dollars($0) } ?? "cost not known")",
            "  `easel calls download \(reply.id) --out DIR` saves them elsewhere",
        ]
        let call = try? JSON.decode(JSONValue.self, from: try await client.get("/v1/calls/\(reply.id)"))
        lines += (call?["images"]?.arrayValue ?? []).compactMap { $0["url"]?.stringValue }.map { "  \($0)" }
        return CommandFailure(lines.joined(separator: "\n"))
    }
}
