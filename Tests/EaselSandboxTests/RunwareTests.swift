import EaselBase
import EaselCore
import EaselImaging
import EaselSandbox
import EaselTransport
import Foundation
import Testing

struct RunwareTests {
    @Test(arguments: ["ideogram:4@remix", "ideogram:4@2", "ideogram:1@2"])
    func `a synchronous task gives images by link`(model: String) async throws {
        try await withSandbox { bench in
            let task = Samples.task(model, ["numberResults": 3, "includeCost": true, "outputFormat": "WEBP"])
            let answer = try await bench.runware(task)
            #expect(answer.status == 200)
            #expect(answer.json["errors"] == nil)
            #expect(answer.data.count == 3)
            #expect(Set(answer.data.compactMap { $0["imageUUID"]?.stringValue }).count == 3)
            for item in answer.data {
                #expect(item["taskUUID"] == task["taskUUID"] && item["taskType"] == "imageInference")
                #expect(item["cost"]?.numberValue == Decimal(string: "0.06"))
                #expect(item["NSFWContent"] == nil)
                #expect((item["structuredPrompt"] != nil) == (model == "ideogram:4@remix"))
                let image = try await bench.get(try #require(item["imageURL"]?.stringValue))
                #expect(image.fields["Content-Type"] == "image/webp")
                let side = model == "ideogram:4@remix" ? 128 : 64
                #expect(try ImageProbe.probe(image.body).size == PixelSize(width: side, height: side))
            }
            let entry = try #require(bench.sandbox.billing.entries.first)
            #expect(entry.taskID == task["taskUUID"]?.stringValue && entry.images == 3 && entry.cost.usd == "0.18")
        }
    }

    @Test func `images have the size that was asked for`() async throws {
        try await withSandbox({ $0.pixelScale = 1 }) { bench in
            let answer = try await bench.runware(Samples.task("ideogram:1@2", ["width": 512, "height": 1536]))
            let image = try await bench.get(try #require(answer.data.first?["imageURL"]?.stringValue))
            #expect(try ImageProbe.probe(image.body).size == PixelSize(width: 512, height: 1536))
        }
    }

    @Test func `outputs come as base64 or data URI when asked`() async throws {
        try await withSandbox { bench in
            let base64 = try await bench.runware(
                Samples.task("ideogram:4@2", ["outputType": "base64Data", "outputFormat": "PNG"])
            )
            let text = try #require(base64.data.first?["imageBase64Data"]?.stringValue)
            #expect(try ImageProbe.probe([UInt8](Data(base64Encoded: text)!)).format == .png)
            let uri = try await bench.runware(Samples.task("ideogram:4@2", ["outputType": "dataURI"]))
            #expect(uri.data.first?["imageDataURI"]?.stringValue?.hasPrefix("data:image/jpeg;base64,") == true)
            #expect(uri.data.first?["imageURL"] == nil)
        }
    }

    @Test func `strength decides how much of the source is left`() async throws {
        try await withSandbox { bench in
            var distances: [Int] = []
            for strength in [0, 50, 100] {
                let answer = try await bench.runware(
                    Samples.task(
                        "ideogram:4@remix",
                        [
                            "strength": .number(Decimal(strength) / 100), "outputType": "base64Data",
                            "outputFormat": "PNG",
                        ]
                    )
                )
                let text = try #require(answer.data.first?["imageBase64Data"]?.stringValue)
                let image = try ImageCodec.decode([UInt8](Data(base64Encoded: text)!))
                let source = ImageEditing.resize(Samples.pixels(), to: image.size)
                distances.append(zip(image.bytes, source.bytes).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) })
            }
            #expect(distances[0] == 0)
            #expect(distances[0] < distances[1] && distances[1] < distances[2])
        }
    }

    @Test func `an asynchronous task is acknowledged and polled, image by image`() async throws {
        try await withSandbox({ $0.latency = .milliseconds(1800) ... .milliseconds(1800) }) { bench in
            let task = Samples.task(
                "ideogram:4@remix",
                ["deliveryMethod": "async", "numberResults": 3, "includeCost": true]
            )
            let uuid = try #require(task["taskUUID"]?.stringValue)
            let acknowledged = try await bench.runware(task)
            #expect(acknowledged.data == [["taskType": "imageInference", "taskUUID": .string(uuid)]])
            let early = try await bench.runware(["taskType": "getResponse", "taskUUID": .string(uuid)])
            #expect(early.data.count == 3)
            let waiting = try #require(early.data.last)
            #expect(waiting["status"] == "processing")
            #expect(waiting["imageUUID"] != nil && waiting["progress"]?.intValue != nil)
            let partial = try await bench.poll(uuid)
            #expect(partial.data.count == 3)
            let finished = try await bench.poll(uuid, until: 3)
            #expect(finished.data.allSatisfy { $0["status"] == "success" && $0["cost"] != nil })
            #expect(finished.json["errors"] == nil)
            #expect(bench.sandbox.billing.entries.map(\.images) == [3])
        }
    }

    @Test func `getResponse knows asynchronous tasks only, getTaskDetails all`() async throws {
        try await withSandbox { bench in
            let task = Samples.task("ideogram:4@2")
            let uuid = try #require(task["taskUUID"])
            _ = try await bench.runware(task)
            #expect(try await bench.runware(["taskType": "getResponse", "taskUUID": uuid]).json == ["data": []])
            let details = try await bench.runware(["taskType": "getTaskDetails", "taskUUID": uuid])
            #expect(details.data.first?["request"]?.arrayValue?.first == task)
            #expect(details.data.first?["response"]?["data"]?.arrayValue?.count == 1)
            let unknown = try await bench.runware(["taskType": "getTaskDetails", "taskUUID": .string(Samples.uuid())])
            #expect(unknown.status == 404 && unknown.codes == ["taskFailedOrNotFound"])
        }
    }

    @Test func `inputs may be uploaded, linked, a data URI or an earlier result`() async throws {
        try await withSandbox { bench in
            let upload = try await bench.runware([
                "taskType": "imageUpload", "taskUUID": .string(Samples.uuid()), "image": .string(Samples.base64),
            ])
            let uuid = try #require(upload.data.first?["imageUUID"])
            let link = try #require(upload.data.first?["imageURL"])
            #expect(try await bench.get(link.stringValue ?? "").body == Samples.png())
            let uri: JSONValue = .string("data:image/png;base64,\(Samples.base64)")
            for input in [uuid, link, uri] {
                let task = Samples.task("ideogram:4@remix", ["inputs": ["seedImage": input], "strength": 0])
                #expect(try await bench.runware(task).status == 200)
            }
        }
    }

    @Test func `a dry run prices without executing`() async throws {
        try await withSandbox { bench in
            let task = Samples.task(
                "ideogram:4@remix",
                ["numberResults": 2, "settings": ["renderingSpeed": "QUALITY"]]
            )
            let answer = try await bench.runware(task, fields: [("X-Runware-Dry-Run", "1")])
            #expect(answer.data.first?["cost"]?.numberValue == Decimal(string: "0.2"))
            #expect(bench.sandbox.billing.entries.isEmpty)
            #expect(try await bench.runware(task).status == 200)
        }
    }

    @Test func `the account shows what its tasks cost`() async throws {
        try await withSandbox { bench in
            _ = try await bench.runware(Samples.task("ideogram:4@2", ["numberResults": 2]))
            let character = Samples.task(
                "ideogram:4@2",
                ["providerSettings": ["ideogram": ["characterReferenceImages": [.string(Samples.base64)]]]]
            )
            _ = try await bench.runware(character)
            let id: JSONValue = .string(Samples.uuid())
            let details = try await bench.runware([
                "taskType": "accountManagement", "taskUUID": id, "operation": "getDetails",
            ])
            #expect(details.data.first?["usage"]?["today"]?["credits"]?.numberValue == Decimal(string: "0.27"))
            let today = String(TimeSource.system.now.description.prefix(10))
            let usage = try await bench.runware([
                "taskType": "accountManagement", "taskUUID": id, "operation": "getUsageActivity",
                "startDate": .string(today), "endDate": .string(today), "groupBy": ["date", "model"],
            ])
            #expect(usage.data.first?["model"]?["data"]?.arrayValue?.first?["model"] == "ideogram:4@2")
            #expect(usage.data.first?["timeseries"]?["meta"]?["totalResults"] == 3)
        }
    }

    @Test func `a mixed array answers 200 with data and errors`() async throws {
        try await withSandbox { bench in
            let answer = try await bench.runware(
                Samples.task("ideogram:4@2"),
                Samples.task("ideogram:4@2", ["outputQuality": 1])
            )
            #expect(answer.status == 200 && answer.data.count == 1 && answer.codes == ["invalidOutputQuality"])
        }
    }

    @Test func `the examples of the 3_0 page are accepted`() async throws {
        let sizes: [(Int, Int, String?)] = [
            (1344, 768, nil), (1280, 800, nil), (1344, 768, "BAUHAUS"), (1344, 768, "MAGAZINE_EDITORIAL"),
        ]
        try await withSandbox({ $0.fetchInputs = false }) { bench in
            for (width, height, preset) in sizes {
                var members: [String: JSONValue?] = [
                    "width": .number(Decimal(width)), "height": .number(Decimal(height)),
                    "negativePrompt": "blurry, low detail, warped architecture, watermark",
                    "inputs": [
                        "referenceImages": [
                            "https://assets.runware.ai/assets/inputs/53de57ff-eced-4d08-9631-9d749bb7104d.jpg"
                        ]
                    ],
                ]
                if let preset {
                    members["providerSettings"] = ["ideogram": ["magicPrompt": "ON", "stylePreset": .string(preset)]]
                }
                let answer = try await bench.runware(Samples.task("ideogram:4@2", members))
                #expect(answer.status == 200 && answer.data.count == 1)
            }
        }
    }
}
