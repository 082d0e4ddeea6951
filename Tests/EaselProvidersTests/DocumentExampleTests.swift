import EaselBase
import EaselCore
import Foundation
import Testing

@testable import EaselProviders

/// The requests and answers that the providers print on their own pages.
struct DocumentExampleTests {
    /// The four examples of Runware's page of 3.0 Remix, as printed.
    private struct Printed: Decodable {
        let requests: [JSONValue]
        let answers: [JSONValue]

        static func read(file: StaticString = #filePath) throws -> Printed {
            let folder = URL(fileURLWithPath: file.description).deletingLastPathComponent()
            let path = folder.appendingPathComponent("Snapshots/printed-3.0-examples.json")
            return try JSON.decode(Printed.self, from: [UInt8](try Data(contentsOf: path)))
        }
    }

    @Test(arguments: 0..<4)
    func `the examples of the 3_0 page are what we would send`(index: Int) throws {
        let printed = try #require(try Printed.read().requests[index].objectValue)
        var request = RemixRequest(
            model: try #require(printed["model"]?.stringValue.flatMap { RemixModel(alias: $0) }),
            prompt: try #require(printed["positivePrompt"]?.stringValue),
            image: Requests.image
        )
        request.negativePrompt = printed["negativePrompt"]?.stringValue
        request.size = PixelSize(
            width: try #require(printed["width"]?.intValue),
            height: try #require(printed["height"]?.intValue)
        )
        let settings = printed["providerSettings"]?["ideogram"]
        request.magicPrompt = settings?["magicPrompt"]?.stringValue.flatMap { MagicPrompt(rawValue: $0.lowercased()) }
        request.stylePreset = settings?["stylePreset"]?.stringValue
        let id = try #require(printed["taskUUID"]?.stringValue.flatMap { UUID(uuidString: $0) })
        let sent = try JSON.decode(
            JSONValue.self,
            from: try JSON.encode(RunwareInference(request, taskID: id, count: 1, delivery: .sync))
        )
        var expected = printed
        expected["includeCost"] = true
        expected["inputs"] = ["referenceImages": [.string(Requests.image.dataURI)]]
        let members = try #require(sent.objectValue)
        #expect(Set(members.keys) == Set(expected.keys))
        for (name, value) in expected { #expect(members[name] == value, "\(name)") }
    }

    @Test(arguments: 0..<4)
    func `the answers of the 3_0 page are read whole`(index: Int) throws {
        let printed = try Printed.read()
        let answer = printed.answers[index]
        let id = try #require(answer["taskUUID"]?.stringValue.flatMap { UUID(uuidString: $0) })
        let result = try #require(Answers.runware(["data": [answer]], taskID: id).result)
        #expect(result.failure == nil && result.images.count == 1 && result.extra.isEmpty)
        #expect(result.images.first?.content == (answer["imageURL"]?.stringValue).map { .link($0) })
        #expect(result.images.first?.seed == answer["seed"]?.intValue)
        #expect(result.images.first?.providerImageID == answer["imageUUID"]?.stringValue)
        #expect(result.cost?.usd == "0.06")
    }

    @Test func `the curl line of Ideogram's 4_0 page is what we would send`() {
        let request = RemixRequest(model: .ideogram4, prompt: "A photo of a cat", image: Requests.image)
        let wire = IdeogramRequest(request, image: request.image, count: 1, delivery: .sync)
        #expect(wire.path == "/v1/ideogram-v4/remix")
        let file = MultipartBody.Part.Value.file(
            name: "image.png",
            mediaType: "image/png",
            bytes: Requests.image.bytes
        )
        #expect(wire.body.parts.map(\.name) == ["image", "text_prompt"])
        #expect(wire.body.parts.map(\.value) == [file, .text("A photo of a cat")])
    }

    @Test func `the answer of Ideogram's 4_0 page is read whole`() throws {
        let link =
            "https://ideogram.ai/api/images/ephemeral/xtdZiqPwRxqY1Y7NExFmzB.png?exp=1743867804"
            + "&sig=e13e12677633f646d8531a153d20e2d3698dca9ee7661ee5ba4f3b64e7ec3f89"
        let item: JSONValue = [
            "prompt": "prompt", "resolution": "2048x2048", "is_image_safe": true, "seed": 12345, "url": .string(link),
        ]
        let body: JSONValue = [
            "created": "2000-01-23 04:56:07+00:00", "data": [item, item], "response_type": "url",
        ]
        let result = try #require(Answers.ideogram(body).result)
        #expect(result.failure == nil && result.cost == nil && result.extra.isEmpty)
        #expect(result.images.map(\.content) == [.link(link), .link(link)])
        #expect(result.images.map(\.seed) == [12345, 12345])
        #expect(result.images.map(\.nsfw) == [false, false])
    }

    @Test func `the request of the 4_0 page at Runware has its members where the page puts them`() throws {
        let request = Requests.make(.ideogram4) { request in
            request.strength = 0.5
            request.size = PixelSize(width: 2048, height: 2048)
            request.renderingSpeed = .turbo
            request.copyrightDetection = true
        }
        let sent = try JSON.decode(
            JSONValue.self,
            from: try JSON.encode(
                RunwareInference(request, taskID: Requests.taskID, count: 1, delivery: .sync)
            )
        )
        let expected: JSONValue = [
            "taskType": "imageInference", "taskUUID": "3f6c1c52-8e0e-4d5b-9a55-6f2f3b7c0a11",
            "model": "ideogram:4@remix", "positivePrompt": "a red kite", "width": 2048, "height": 2048,
            "strength": .number(Decimal(5) / 10), "inputs": ["seedImage": .string(Requests.image.dataURI)],
            "settings": ["renderingSpeed": "TURBO", "copyrightDetection": true], "includeCost": true,
        ]
        #expect(sent == expected)
    }
}
