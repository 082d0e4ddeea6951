import EaselBase
import EaselConfiguration
import Foundation

/// `easel calls download`: the images of a call again, as long as they are kept.
enum CallsDownload {
    static let spec = CommandSpec(
        "download",
        "save the images of a call",
        discussion:
            "Works as long as Easel keeps them (artifacts.retention). Prints the paths; nothing is overwritten.",
        arguments: [ArgumentSpec("ID", .text, "the call's id")],
        options: [
            .option("out", short: "o", ValueSpec("DIR", .folder), default: ".", "where to save the images")
        ] + SharedOptions.client,
        examples: ["easel calls download 01931c2e-7a00-7000-8000-000000000000 --out images"]
    )

    static func run(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let id = arguments.text("ID") ?? ""
        let folder = try ImageFolder(arguments.text("out") ?? ".", otherwise: "nothing was downloaded")
        let call = try JSON.decode(JSONValue.self, from: try await client.get("/v1/calls/\(APIClient.encode(id))"))
        guard call["status"] != "in_progress" else {
            throw CommandFailure("call \(id) is still in progress; try again in a moment")
        }
        let images = (call["images"]?.arrayValue ?? []).filter { $0["withheld"] != true }
        guard !images.isEmpty else {
            throw CommandFailure("call \(id) has no images: it ended as \(call["status"]?.stringValue ?? "unknown")")
        }
        var paths: [String] = []
        var failures: [String] = []
        for (index, image) in images.enumerated() {
            guard let url = image["url"]?.stringValue else {
                failures.append("image \(index + 1) is no longer kept")
                continue
            }
            do {
                let bytes = try await client.download(url)
                paths.append(try folder.save(bytes, stem: id, format: image["format"]?.stringValue ?? "jpg"))
            } catch {
                failures.append("image \(index + 1), \(url): \(sentence(for: error))")
            }
        }
        ImageFolder.tell(paths)
        if !failures.isEmpty { throw CommandFailure(failures.joined(separator: "\n")) }
    }
}
