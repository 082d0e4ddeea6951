import EaselBase
import EaselCore
import EaselImaging
import EaselSandbox
import EaselTransport
import Foundation
import Testing

struct IdeogramTests {
    @Test func `remix 4_0 answers as its page shows`() async throws {
        try await withSandbox { bench in
            // The page's own example: an image and a prompt, nothing else. Unknown fields are ignored.
            let answer = try await bench.ideogram(
                "/v1/ideogram-v4/remix",
                Samples.v4().text("seed", "7").text("num_images", "4")
            )
            #expect(answer.status == 200)
            #expect(answer.json["response_type"] == "url")
            #expect(answer.json["created"]?.stringValue?.contains(" ") == true)
            let item = try #require(answer.data.first)
            #expect(answer.data.count == 1)
            #expect(
                item["prompt"] == "a red kite" && item["resolution"] == "2048x2048" && item["is_image_safe"] == true
            )
            let url = try #require(item["url"]?.stringValue)
            #expect(
                url.contains("/ideogram/api/images/ephemeral/") && url.contains(".png?exp=") && url.contains("&sig=")
            )
            let image = try await bench.get(url)
            #expect(try ImageProbe.probe(image.body).format == .png)
            let entry = try #require(bench.sandbox.billing.entries.first)
            #expect(entry.taskID == answer.fields["x-request-id"] && entry.cost.usd == "0.06")
        }
    }

    @Test func `remix 3_0 gives several images and echoes its style`() async throws {
        try await withSandbox { bench in
            let form = Samples.v3().text("num_images", "3").text("aspect_ratio", "16x9").text(
                "rendering_speed",
                "QUALITY"
            )
            .text("seed", "41").json("color_palette", ["name": "EMBER"]).text("style_preset", "BAUHAUS")
            let answer = try await bench.ideogram("/v1/ideogram-v3/remix", form)
            #expect(answer.status == 200)
            #expect(answer.data.map { $0["seed"] } == [41, 42, 43])
            #expect(answer.data.allSatisfy { $0["resolution"] == "1312x736" || $0["resolution"] == "1344x768" })
            #expect(answer.data.allSatisfy { $0["style_type"] == "GENERAL" })
            #expect(answer.json["response_type"] == nil)
            #expect(bench.sandbox.billing.total.usd == "0.27")
        }
    }

    @Test func `the legacy route serves 1_0`() async throws {
        try await withSandbox { bench in
            let answer = try await bench.ideogram(
                "/remix",
                Samples.legacy(["aspect_ratio": "ASPECT_10_16", "num_images": 2, "negative_prompt": "rain", "seed": 5])
            )
            #expect(answer.status == 200)
            #expect(answer.data.map { $0["resolution"] } == ["768x1232", "768x1232"])
            #expect(bench.sandbox.billing.entries.map(\.model) == ["legacy V_1"])
            #expect(bench.sandbox.billing.total.usd == "0.12")
        }
    }

    @Test func `the asynchronous twin is polled`() async throws {
        try await withSandbox({ $0.latency = .seconds(1) ... .seconds(1) }) { bench in
            let answer = try await bench.ideogram("/v1/ideogram-v4/async/remix", Samples.v4())
            let id = try #require(answer.json["generation_id"]?.stringValue)
            let url = bench.sandbox.baseURL(.ideogram) + "/v1/generations/\(id)"
            let fields = [("Api-Key", Bench.key)]
            let pending = try await bench.get(url, fields: fields)
            #expect(pending.json["status"] == "pending" && pending.json["data"] == nil)
            for _ in 0..<300 {
                let poll = try await bench.get(url, fields: fields)
                if poll.json["status"] == "pending" {
                    try await Task.sleep(for: .milliseconds(20))
                    continue
                }
                #expect(poll.json["status"] == "completed")
                #expect(poll.json["data"]?.arrayValue?.first?["url"]?.stringValue != nil)
                #expect(bench.sandbox.billing.entries.map(\.taskID) == [id])
                return
            }
            Issue.record("the generation did not end")
        }
    }

    @Test func `links need no key, but their signature`() async throws {
        try await withSandbox { bench in
            let answer = try await bench.ideogram("/v1/ideogram-v4/remix", Samples.v4())
            let url = try #require(answer.data.first?["url"]?.stringValue)
            #expect(try await bench.get(url).status == 200)
            #expect(bench.sandbox.journal.last.last?.hadCredentials == false)
            #expect(try await bench.get(url + "0").status == 403)
            let later = url.replacing(/exp=\d+/, with: "exp=9999999999")
            #expect(try await bench.get(later).status == 403)
        }
    }

    @Test func `links end`() async throws {
        try await withSandbox({ $0.ideogramLinkLifetime = .zero }) { bench in
            let answer = try await bench.ideogram("/v1/ideogram-v4/remix", Samples.v4())
            let url = try #require(answer.data.first?["url"]?.stringValue)
            #expect(try await bench.get(url).status == 403)
        }
    }

    @Test func `a weight keeps the image near its source`() async throws {
        try await withSandbox { bench in
            var distances: [Int] = []
            for weight in ["1", "50", "100"] {
                let answer = try await bench.ideogram(
                    "/v1/ideogram-v4/remix",
                    Samples.v4().text("image_weight", weight)
                )
                let image = try await bench.get(try #require(answer.data.first?["url"]?.stringValue))
                let decoded = try ImageCodec.decode(image.body)
                let source = ImageEditing.resize(Samples.pixels(), to: decoded.size)
                distances.append(zip(decoded.bytes, source.bytes).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) })
            }
            #expect(distances[0] > distances[1] && distances[1] > distances[2] && distances[2] == 0)
        }
    }

    @Test func `the later specification is a matter of switches`() async throws {
        try await withSandbox({
            $0.ideogramTakes1KSizes = true
            $0.ideogramAspectRatioRule = false
        }) { bench async throws in
            let form = Samples.v4().text("resolution", "1280x720").text("image_weight", "20")
            #expect(try await bench.ideogram("/v1/ideogram-v4/remix", form).status == 200)
        }
    }
}
