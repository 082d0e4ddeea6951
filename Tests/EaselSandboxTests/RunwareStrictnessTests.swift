import EaselBase
import EaselCore
import EaselSandbox
import Foundation
import Testing

struct RunwareStrictnessTests {
    /// One bad task, and what is said about it.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let model: String
        let changes: [String: JSONValue?]
        let code: String
        /// The `parameter` of the error, when it is one path.
        var parameter: String?

        init(
            _ name: String,
            _ model: String,
            _ changes: [String: JSONValue?],
            _ code: String,
            _ parameter: String? = nil
        ) {
            (self.name, self.model, self.changes, self.code) = (name, model, changes, code)
            self.parameter = parameter
        }

        var testDescription: String { "\(model): \(name)" }
    }

    static let v4 = "ideogram:4@remix"
    static let v3 = "ideogram:4@2"
    static let v1 = "ideogram:1@2"

    static func own(_ settings: [String: JSONValue]) -> [String: JSONValue?] {
        ["providerSettings": .object(["ideogram": .object(settings)])]
    }

    static let image: JSONValue = .string(Samples.base64)

    static let commonRows: [Row] = [v4, v3, v1].flatMap { model in
        [
            Row("no prompt", model, ["positivePrompt": .some(nil)], "missingPositivePrompt", "positivePrompt"),
            Row("prompt of another type", model, ["positivePrompt": 7], "invalidPositivePrompt", "positivePrompt"),
            Row("no inputs", model, ["inputs": .some(nil)], "missingInputs", "inputs"),
            Row("one side", model, ["height": .some(nil)], "missingDimensionParameters"),
            Row("size of no table", model, ["width": 1000, "height": 1000], "unsupportedDimensions"),
            Row("tiny width", model, ["width": 255], "invalidWidth", "width"),
            Row("width as text", model, ["width": "1024"], "invalidWidth", "width"),
            Row("no results", model, ["numberResults": 0], "invalidNumberResults", "numberResults"),
            Row("21 results", model, ["numberResults": 21], "invalidNumberResults", "numberResults"),
            Row("output type", model, ["outputType": "url"], "invalidOutputType", "outputType"),
            Row("output format", model, ["outputFormat": "TIFF"], "invalidOutputFormat", "outputFormat"),
            Row("output quality", model, ["outputQuality": 100], "invalidOutputQuality", "outputQuality"),
            Row("delivery", model, ["deliveryMethod": "stream"], "invalidDeliveryMethod", "deliveryMethod"),
            Row("ttl", model, ["ttl": 59], "invalidTtl", "ttl"),
            Row("webhook", model, ["webhookURL": "not a url"], "invalidWebhookURL", "webhookURL"),
            Row("cost flag", model, ["includeCost": "yes"], "invalidIncludeCost", "includeCost"),
            Row("safety", model, ["safety": true], "invalidSafety", "safety"),
            Row("seed", model, ["seed": 1], "unsupportedParameter", "seed"),
            Row("invention", model, ["colour": "red"], "unknownParameter", "colour"),
            Row("no model", model, ["model": .some(nil)], "missingModel", "model"),
            Row("other model", model, ["model": "ideogram:9@9"], "invalidModel", "model"),
        ]
    }

    static let ownRows: [Row] = [
        Row("prompt of one character", v4, ["positivePrompt": "a"], "invalidPositivePrompt"),
        Row(
            "prompt too long",
            v4,
            ["positivePrompt": .string(String(repeating: "a", count: 2049))],
            "invalidPositivePrompt"
        ),
        Row("strength above 1", v4, ["strength": 2], "invalidStrength", "strength"),
        Row("strength in thousandths", v4, ["strength": .number(Decimal(string: "0.125")!)], "invalidStrength"),
        Row("negative prompt", v4, ["negativePrompt": "rain"], "unsupportedParameter", "negativePrompt"),
        Row("provider settings", v4, own(["remixStrength": 5]), "unsupportedParameter", "providerSettings"),
        Row(
            "reference image",
            v4,
            ["inputs": ["seedImage": image, "referenceImages": [image]]],
            "unsupportedParameter",
            "inputs.referenceImages"
        ),
        Row("speed", v4, ["settings": ["renderingSpeed": "FLASH"]], "invalidRenderingSpeed", "settings.renderingSpeed"),
        Row("detection", v4, ["settings": ["copyrightDetection": 1]], "invalidCopyrightDetection"),
        Row("safety mode", v4, ["safety": ["mode": "fast"]], "unsupportedParameter", "safety.mode"),
        Row("no image at all", v4, ["inputs": ["seedImage": "%%%"]], "invalidSeedImage", "inputs.seedImage"),
        Row("text as image", v4, ["inputs": ["seedImage": "aGVsbG8gd29ybGQ="]], "invalidSeedImage"),
        Row("unknown image id", v4, ["inputs": ["seedImage": .string(Samples.uuid())]], "invalidSeedImage"),
        Row("image outside loopback", v4, ["inputs": ["seedImage": "http://192.0.2.1/a.png"]], "downloadFailed"),
        Row("strength", v3, ["strength": 1], "unsupportedParameter", "strength"),
        Row("settings", v3, ["settings": ["renderingSpeed": "TURBO"]], "unsupportedParameter", "settings"),
        Row("two references", v3, ["inputs": ["referenceImages": [image, image]]], "invalidReferenceImages"),
        Row("no reference", v3, ["inputs": ["referenceImages": []]], "invalidReferenceImages"),
        Row("seed image", v3, ["inputs": ["seedImage": image, "referenceImages": [image]]], "unsupportedParameter"),
        Row(
            "prompt too long",
            v3,
            ["positivePrompt": .string(String(repeating: "a", count: 2001))],
            "invalidPositivePrompt"
        ),
        Row("empty negative prompt", v3, ["negativePrompt": ""], "invalidNegativePrompt"),
        Row("no size", v3, ["width": .some(nil), "height": .some(nil)], "missingDimensionParameters"),
        Row("4.0's size", v3, ["width": 2048, "height": 2048], "unsupportedDimensions"),
        Row("remix strength 0", v3, own(["remixStrength": 0]), "invalidRemixStrength"),
        Row(
            "remix strength as fraction",
            v3,
            own(["remixStrength": .number(Decimal(string: "0.5")!)]),
            "invalidRemixStrength"
        ),
        Row("magic prompt", v3, own(["magicPrompt": "auto"]), "invalidMagicPrompt"),
        Row("style", v3, own(["styleType": "PHOTO"]), "invalidStyleType"),
        Row("preset", v3, own(["stylePreset": "BAROQUE"]), "invalidStylePreset"),
        Row("style code", v3, own(["styleCode": "12345"]), "invalidStyleCode"),
        Row("code and type", v3, own(["styleCode": "0a1b2c3d", "styleType": "AUTO"]), "incompatibleParameters"),
        Row(
            "code and references",
            v3,
            own(["styleCode": "0a1b2c3d", "styleReferenceImages": [image]]),
            "incompatibleParameters"
        ),
        Row(
            "five style references",
            v3,
            own(["styleReferenceImages": [image, image, image, image, image]]),
            "invalidStyleReferenceImages"
        ),
        Row("mask alone", v3, own(["characterReferenceImagesMask": [image]]), "invalidCharacterReferenceImagesMask"),
        Row(
            "two characters",
            v3,
            own(["characterReferenceImages": [image, image]]),
            "invalidCharacterReferenceImages"
        ),
        Row("setting of 3.0", v1, own(["styleCode": "0a1b2c3d"]), "unsupportedParameter"),
        Row("preset of 3.0", v1, own(["stylePreset": "BAUHAUS"]), "unsupportedParameter"),
        Row("3.0's size", v1, ["width": 1344, "height": 768], "unsupportedDimensions"),
        Row("other provider", v3, ["providerSettings": ["bfl": [:]]], "mismatchProviderSettingsProvider"),
        Row("no provider", v3, ["providerSettings": ["acme": [:]]], "unknownProviderSettingsProvider"),
    ]

    @Test func `bad tasks are refused with the documented error`() async throws {
        try await withSandbox { bench in
            for row in Self.commonRows + Self.ownRows {
                let task = Samples.task(row.model, row.changes)
                let answer = try await bench.runware(task)
                #expect(answer.status == 400, "\(row.testDescription)")
                #expect(answer.json["data"] == [], "\(row.testDescription)")
                #expect(answer.codes == [row.code], "\(row.testDescription)")
                #expect(answer.errors.first?["taskUUID"] == task["taskUUID"], "\(row.testDescription)")
                if let parameter = row.parameter {
                    #expect(answer.errors.first?["parameter"]?.stringValue == parameter, "\(row.testDescription)")
                }
            }
            #expect(bench.sandbox.billing.entries.isEmpty)
        }
    }

    @Test func `all faults of a task are named at once, with their limits`() async throws {
        try await withSandbox { bench in
            let answer = try await bench.runware(
                Samples.task(Self.v3, ["outputQuality": 5, "numberResults": 50, "width": 1000, "height": 1000])
            )
            #expect(answer.codes.sorted() == ["invalidNumberResults", "invalidOutputQuality", "unsupportedDimensions"])
            let quality = try #require(answer.errors.first { $0["code"] == "invalidOutputQuality" })
            #expect(quality["min"] == 20 && quality["max"] == 99 && quality["type"] == "integer")
            #expect(
                quality["documentation"]?.stringValue?.hasSuffix("ideogram-3-0-remix#request-outputquality") == true
            )
            let size = try #require(answer.errors.first { $0["code"] == "unsupportedDimensions" })
            #expect(size["allowedValues"]?.arrayValue?.count == 69)
            #expect(size["parameter"] == ["width", "height"])
        }
    }

    @Test func `keys are checked, in the header or in the body`() async throws {
        try await withSandbox { bench in
            let ping: JSONValue = ["taskType": "getResponse", "taskUUID": .string(Samples.uuid())]
            let missing = try await bench.runware(ping, key: nil)
            #expect(missing.status == 401 && missing.codes == ["missingApiKey"])
            let wrong = try await bench.runware(ping, key: "wrong")
            #expect(wrong.status == 401 && wrong.codes == ["invalidApiKey"])
            #expect(wrong.errors.first?["parameter"] == "apiKey")
            let login: JSONValue = ["taskType": "authentication", "apiKey": .string(Bench.key)]
            #expect(try await bench.runware(login, ping, key: nil).status == 200)
            #expect(try await bench.runware(login, ping).codes == ["conflictAuthentication"])
        }
    }

    @Test func `task ids are UUIDs of version 4 and used once`() async throws {
        try await withSandbox { bench in
            let v7 = try await bench.runware(
                Samples.task(Self.v1, ["taskUUID": "019aa000-0000-7000-8000-000000000000"])
            )
            #expect(v7.status == 400 && v7.codes == ["invalidTaskUUID"])
            #expect(
                try await bench.runware(Samples.task(Self.v1, ["taskUUID": .some(nil)])).codes == ["missingTaskUUID"]
            )
            let task = Samples.task(Self.v1)
            let twice = try await bench.runware(task, task)
            #expect(twice.status == 200 && twice.data.count == 1 && twice.codes == ["conflictTaskUUID"])
            let again = try await bench.runware(task)
            #expect(again.status == 400 && again.codes == ["conflictTaskUUID"])
            #expect(bench.sandbox.billing.entries.count == 1)
        }
    }

    @Test func `the body must be a JSON array of tasks`() async throws {
        try await withSandbox { bench in
            for (text, code) in [
                ("{", "invalidJSON"), ("{}", "invalidRequest"), ("[]", "invalidRequest"), ("[1]", "invalidRequest"),
            ] {
                let answer = try await bench.send(
                    "POST",
                    bench.sandbox.baseURL(.runware),
                    fields: [("Content-Type", "application/json"), ("Authorization", "Bearer \(Bench.key)")],
                    body: Array(text.utf8)
                )
                #expect(answer.status == 400 && answer.codes == [code], "\(text)")
            }
            let unknown = try await bench.runware(["taskType": "paint", "taskUUID": .string(Samples.uuid())])
            #expect(unknown.codes == ["invalidTaskType"])
        }
    }
}
