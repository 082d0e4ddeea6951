import EaselBase
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation
import Testing

struct IdeogramStrictnessTests {
    static let v4 = "/v1/ideogram-v4/remix"
    static let v3 = "/v1/ideogram-v3/remix"
    static let legacy = "/remix"

    /// One bad form and what is said about it.
    struct Row: Sendable {
        let name: String
        let path: String
        let form: Form
        /// A piece of the `detail` of the problem document, or of `error`.
        let text: String
        let isProblem: Bool

        static func schema(_ name: String, _ path: String, _ form: Form, _ text: String) -> Row {
            Row(name: name, path: path, form: form, text: text, isProblem: true)
        }

        static func rule(_ name: String, _ path: String, _ form: Form, _ text: String) -> Row {
            Row(name: name, path: path, form: form, text: text, isProblem: false)
        }
    }

    static let v4Rows: [Row] = [
        .schema("no image", v4, Samples.v4().without("image"), "Missing formdata parameter 'image'"),
        .schema("no prompt", v4, Samples.v4().without("text_prompt"), "Missing formdata parameter 'text_prompt'"),
        .schema("prompt of 3.0", v4, Form().file("image", Samples.png()).text("prompt", "a"), "'text_prompt'"),
        .schema("image as text", v4, Samples.v4().without("image").text("image", "abc"), "expected 'file'"),
        .schema(
            "weight 0",
            v4,
            Samples.v4().text("image_weight", "0"),
            "0 is less than the minimum of 1 - 'image_weight'"
        ),
        .schema("weight 101", v4, Samples.v4().text("image_weight", "101"), "greater than the maximum of 100"),
        .schema("weight 50.5", v4, Samples.v4().text("image_weight", "50.5"), "expected 'integer'"),
        .schema("size", v4, Samples.v4().text("resolution", "2000x2000"), "'2000x2000' is not one of"),
        .schema("size of 1K", v4, Samples.v4().text("resolution", "1024x1024"), "is not one of"),
        .schema("speed", v4, Samples.v4().text("rendering_speed", "turbo"), "'turbo' is not one of"),
        .schema("flag", v4, Samples.v4().text("enable_copyright_detection", "1"), "expected 'boolean'"),
        .rule("speed without a price", v4, Samples.v4().text("rendering_speed", "FLASH"), "FLASH"),
        .rule(
            "no image",
            v4,
            Samples.v4().without("image").file("image", Array("GIF89a".utf8)),
            "Could not read a source image."
        ),
        .rule(
            "too long",
            v4,
            Samples.v4().without("image").file("image", Samples.png(width: 700, height: 700)),
            "maximum size"
        ),
        .rule(
            "other ratio",
            v4,
            Samples.v4().text("image_weight", "50").text("resolution", "2560x1440"),
            "aspect ratio"
        ),
    ]

    static let v3Rows: [Row] = [
        .schema("no prompt", v3, Samples.v3().without("prompt"), "Missing formdata parameter 'prompt'"),
        .schema("size of 4.0", v3, Samples.v3().text("resolution", "2048x2048"), "is not one of"),
        .schema("ratio with a colon", v3, Samples.v3().text("aspect_ratio", "16:9"), "'16:9' is not one of"),
        .schema("nine images", v3, Samples.v3().text("num_images", "9"), "greater than the maximum of 8"),
        .schema("seed", v3, Samples.v3().text("seed", "2147483648"), "greater than the maximum"),
        .schema("style of the legacy route", v3, Samples.v3().text("style_type", "ANIME"), "is not one of"),
        .schema("preset", v3, Samples.v3().text("style_preset", "BAROQUE"), "is not one of"),
        .schema("magic prompt", v3, Samples.v3().text("magic_prompt", "true"), "is not one of"),
        .schema("style code", v3, Samples.v3().text("style_codes", "12"), "'style_codes'"),
        .schema("palette", v3, Samples.v3().json("color_palette", ["members": []]), "'color_palette'"),
        .schema(
            "palette colour",
            v3,
            Samples.v3().json("color_palette", ["members": [["color_hex": "red"]]]),
            "'color_palette'"
        ),
        .schema(
            "two characters",
            v3,
            Samples.v3().file("character_reference_images", Samples.png())
                .file("character_reference_images", Samples.png()),
            "too many items"
        ),
        .rule(
            "both shapes",
            v3,
            Samples.v3().text("resolution", "1024x1024").text("aspect_ratio", "1x1"),
            "cannot be used together"
        ),
        .rule(
            "code and type",
            v3,
            Samples.v3().text("style_codes", "0a1b2c3d").text("style_type", "AUTO"),
            "style_codes"
        ),
        .rule(
            "code and reference",
            v3,
            Samples.v3().text("style_codes", "0a1b2c3d")
                .file("style_reference_images", Samples.png()),
            "style_codes"
        ),
        .rule("mask alone", v3, Samples.v3().file("character_reference_images_mask", Samples.png()), "as many"),
        .rule(
            "mask of another size",
            v3,
            Samples.v3().file("character_reference_images", Samples.png())
                .file("character_reference_images_mask", Samples.png(width: 50, height: 50)),
            "size of its reference"
        ),
    ]

    static let legacyRows: [Row] = [
        .schema("no file", legacy, Samples.legacy().without("image_file"), "'image_file'"),
        .schema("no request", legacy, Samples.legacy().without("image_request"), "'image_request'"),
        .schema(
            "request no object",
            legacy,
            Samples.legacy().without("image_request").text("image_request", "[]"),
            "'object'"
        ),
        .schema("prompt of another type", legacy, Samples.legacy(["prompt": 1]), "'prompt'"),
        .schema("model", legacy, Samples.legacy(["model": "V_3"]), "'model'"),
        .schema("ratio", legacy, Samples.legacy(["aspect_ratio": "16x9"]), "'aspect_ratio'"),
        .schema("weight as text", legacy, Samples.legacy(["image_weight": "50"]), "'image_weight'"),
        .schema("nine images", legacy, Samples.legacy(["num_images": 9]), "maximum of 8"),
        .rule("size for 1.0", legacy, Samples.legacy(["resolution": "RESOLUTION_1024_1024"]), "2.0 only"),
        .rule("style for 1.0", legacy, Samples.legacy(["style_type": "ANIME"]), "V_2 and above"),
        .rule("palette for 1.0", legacy, Samples.legacy(["color_palette": ["name": "EMBER"]]), "color_palette"),
        .rule(
            "negative prompt for 2a",
            legacy,
            Samples.legacy(["model": "V_2A", "negative_prompt": "rain"]),
            "negative_prompt"
        ),
        .rule(
            "both shapes",
            legacy,
            Samples.legacy(["model": "V_2", "resolution": "RESOLUTION_1024_1024", "aspect_ratio": "ASPECT_1_1"]),
            "together"
        ),
    ]

    @Test func `bad forms are refused with the documented body`() async throws {
        try await withSandbox({ $0.ideogramMaxImageBytes = 20_000 }) { bench in
            for row in Self.v4Rows + Self.v3Rows + Self.legacyRows {
                let answer = try await bench.ideogram(row.path, row.form)
                #expect(answer.status == 400, "\(row.path) \(row.name)")
                let said = answer.json[row.isProblem ? "detail" : "error"]?.stringValue ?? ""
                #expect(said.contains(row.text), "\(row.path) \(row.name): \(answer.json)")
                #expect(answer.fields["x-request-id"] != nil)
                if row.isProblem { #expect(answer.json["title"] == "Bad Request" && answer.json["status"] == 400) }
            }
            #expect(bench.sandbox.billing.entries.isEmpty)
        }
    }

    @Test func `keys are taken from Api-Key alone`() async throws {
        try await withSandbox { bench in
            let denied: JSONValue = ["message": "Access denied. Please verify your API Token is valid."]
            for key in [nil, "wrong"] {
                let answer = try await bench.ideogram(Self.v4, Samples.v4(), key: key)
                #expect(answer.status == 401 && answer.json == denied)
            }
            let bearer = try await bench.send(
                "POST",
                bench.sandbox.baseURL(.ideogram) + Self.v4,
                fields: [("Authorization", "Bearer \(Bench.key)"), ("Content-Type", Samples.v4().contentType)],
                body: Samples.v4().body
            )
            #expect(bearer.status == 401)
        }
    }

    @Test func `a JSON body, another method and unknown paths are refused`() async throws {
        try await withSandbox { bench in
            let fields = [("Api-Key", Bench.key), ("Content-Type", "application/json")]
            let json = try await bench.send(
                "POST",
                bench.sandbox.baseURL(.ideogram) + Self.v4,
                fields: fields,
                body: [123, 125]
            )
            #expect(json.status == 415 && json.json["title"] == "Unsupported Media Type")
            #expect(try await bench.get(bench.sandbox.baseURL(.ideogram) + Self.v4, fields: fields).status == 405)
            let unknown = try await bench.get(bench.sandbox.baseURL(.ideogram) + "/v1/nothing", fields: fields)
            #expect(unknown.status == 404 && unknown.json["title"] == "Not Found")
            let generation = try await bench.get(bench.sandbox.baseURL(.ideogram) + "/v1/generations/x", fields: fields)
            #expect(generation.status == 404)
        }
    }

    @Test func `the eleventh request in flight is too many`() async throws {
        try await withSandbox({ $0.latency = .seconds(30) ... .seconds(30) }) { bench in
            // Asynchronous ones are acknowledged at once and worked on for long.
            for _ in 0..<10 {
                #expect(try await bench.ideogram("/v1/ideogram-v4/async/remix", Samples.v4()).status == 200)
            }
            let eleventh = try await bench.ideogram(Self.v4, Samples.v4())
            #expect(eleventh.status == 429)
            #expect(eleventh.json["reject_reason"] == "inflight_limit")
            #expect(eleventh.json["max_inflight_requests"] == 10)
        }
    }
}
