import EaselBase
import EaselCore
import EaselProviders
import Foundation
import Testing
import TestTools
import ThirdKind

/// The exact requests, for every value of every parameter: a change of one byte is a change of a golden file.
struct RequestBodyTests {
    @Test(arguments: RemixModel.allCases)
    func `the bodies for Runware are those of the golden file`(model: RemixModel) throws {
        var text = ""
        for (name, request) in Requests.variations(model) {
            text += "# \(name)\n\(try Self.runware(request, delivery: .sync))\n\n"
        }
        text += "# minimal, asynchronous\n\(try Self.runware(Requests.minimal(model), delivery: .async))\n"
        Snapshot.expect(text, named: "runware-\(model.rawValue).txt")
    }

    @Test(arguments: RemixModel.allCases)
    func `the parts for Ideogram are those of the golden file`(model: RemixModel) {
        var text = ""
        for (name, request) in Requests.variations(model) {
            text += "# \(name)\n\(Self.ideogram(request, delivery: .sync))\n"
        }
        if model == .ideogram4 {
            text += "# minimal, asynchronous\n\(Self.ideogram(Requests.minimal(model), delivery: .async))"
        }
        Snapshot.expect(text, named: "ideogram-\(model.rawValue).txt")
    }

    @Test func `the bodies for a third kind are those of the golden file`() throws {
        var text = ""
        for (name, request) in Requests.variations(.ideogram3) {
            text += "# \(name)\n\(try JSON.text(PostcardRequest(request, count: request.count).json, sorted: true))\n"
        }
        Snapshot.expect(text, named: "postcard.txt")
    }

    /// The bytes that the provider posts: an array of one task, keys sorted.
    static func runware(_ request: RemixRequest, delivery: DeliveryMethod) throws -> String {
        let inference = RunwareInference(
            request,
            taskID: Requests.taskID,
            count: request.count,
            delivery: delivery
        )
        return try JSON.text([inference], sorted: true)
    }

    /// Path and parts, one a line: name, value or file name, media type.
    static func ideogram(_ request: RemixRequest, delivery: DeliveryMethod) -> String {
        let wire = IdeogramRequest(request, image: request.image, count: request.count, delivery: delivery)
        var text = "POST \(wire.path)\n"
        for part in wire.body.parts {
            text += part.name
            switch part.value {
            case .text(let value): text += " = \(quoted(value))"
            case .json(let value): text += " = application/json \(value)"
            case .file(let name, let mediaType, let bytes):
                text += " = file \(name) \(mediaType) \(quoted(String(decoding: bytes, as: UTF8.self)))"
            }
            text += "\n"
        }
        return text
    }

    private static func quoted(_ text: String) -> String {
        var quoted = ""
        quoted.appendJSONString(text)
        return quoted
    }
}
