import EaselCore
import Testing

@testable import EaselProviders

/// What becomes of each parameter (R5), as tables: at Runware, at Ideogram.
struct TranslationTests {
    private typealias Row = (parameter: RemixParameter, runware: String, ideogram: String)

    private static let tables: [RemixModel: [Row]] = [
        .ideogram4: [
            (.prompt, "mapped positivePrompt", "mapped text_prompt"),
            (.image, "mapped inputs.seedImage", "approximated image"),
            (.strength, "mapped strength", "mapped image_weight"),
            (.width, "mapped width", "mapped resolution"), (.height, "mapped height", "mapped resolution"),
            (.count, "mapped numberResults", "mapped -"),
            (.renderingSpeed, "mapped settings.renderingSpeed", "mapped rendering_speed"),
            (.copyrightDetection, "mapped settings.copyrightDetection", "mapped enable_copyright_detection"),
            (.safetyCheck, "mapped safety.checkContent", "mapped -"),
        ],
        .ideogram3: [
            (.prompt, "mapped positivePrompt", "mapped prompt"),
            (.image, "mapped inputs.referenceImages", "mapped image"),
            (.strength, "mapped providerSettings.ideogram.remixStrength", "mapped image_weight"),
            (.width, "mapped width", "mapped resolution"), (.height, "mapped height", "mapped resolution"),
            (.count, "mapped numberResults", "mapped num_images"),
            (.renderingSpeed, "mapped providerSettings.ideogram.renderingSpeed", "mapped rendering_speed"),
            (.copyrightDetection, "dropped -", "dropped -"),
            (.safetyCheck, "mapped safety.checkContent", "mapped -"),
            (.negativePrompt, "mapped negativePrompt", "mapped negative_prompt"),
            (.magicPrompt, "mapped providerSettings.ideogram.magicPrompt", "mapped magic_prompt"),
            (.styleType, "mapped providerSettings.ideogram.styleType", "mapped style_type"),
            (.stylePreset, "mapped providerSettings.ideogram.stylePreset", "mapped style_preset"),
            (
                .styleReferenceImages, "mapped providerSettings.ideogram.styleReferenceImages",
                "mapped style_reference_images"
            ),
            (
                .characterReferenceImages, "mapped providerSettings.ideogram.characterReferenceImages",
                "mapped character_reference_images"
            ),
            (
                .characterReferenceMasks, "mapped providerSettings.ideogram.characterReferenceImagesMask",
                "mapped character_reference_images_mask"
            ),
            (.seed, "dropped -", "mapped seed"),
        ],
        .ideogram1: [
            (.prompt, "mapped positivePrompt", "mapped image_request.prompt"),
            (.image, "mapped inputs.referenceImages", "mapped image_file"),
            (.strength, "mapped providerSettings.ideogram.remixStrength", "mapped image_request.image_weight"),
            (.width, "mapped width", "approximated image_request.aspect_ratio"),
            (.height, "mapped height", "approximated image_request.aspect_ratio"),
            (.count, "mapped numberResults", "mapped image_request.num_images"),
            (.renderingSpeed, "mapped providerSettings.ideogram.renderingSpeed", "approximated image_request.model"),
            (.copyrightDetection, "dropped -", "dropped -"),
            (.safetyCheck, "mapped safety.checkContent", "mapped -"),
            (.negativePrompt, "mapped negativePrompt", "mapped image_request.negative_prompt"),
            (.magicPrompt, "mapped providerSettings.ideogram.magicPrompt", "mapped image_request.magic_prompt_option"),
            (.styleType, "mapped providerSettings.ideogram.styleType", "dropped -"),
            (.styleReferenceImages, "mapped providerSettings.ideogram.styleReferenceImages", "dropped -"),
            (.seed, "dropped -", "mapped image_request.seed"),
        ],
    ]

    @Test(arguments: RemixModel.allCases)
    func `a request with everything is reported parameter by parameter`(model: RemixModel) throws {
        let request = Requests.everything(model)
        let runware = Self.report(RunwareTranslation.translate(request))
        let ideogram = Self.report(IdeogramTranslation.translate(request))
        let table = try #require(Self.tables[model])
        for row in table {
            #expect(runware[row.parameter.rawValue] == row.runware, "\(row.parameter)")
            #expect(ideogram[row.parameter.rawValue] == row.ideogram, "\(row.parameter)")
        }
        // Nothing else is said, but for the output, which has tests of its own.
        let named = Set(table.map(\.parameter.rawValue)).union(["output"])
        #expect(named.isSuperset(of: runware.keys) && named.isSuperset(of: ideogram.keys))
    }

    @Test(arguments: RemixModel.allCases)
    func `a parameter is named once, and whatever is not mapped says why`(model: RemixModel) {
        for (name, request) in Requests.variations(model) {
            for translation in [RunwareTranslation.translate(request), IdeogramTranslation.translate(request)] {
                let parameters = translation.entries.map(\.parameter)
                #expect(Set(parameters).count == parameters.count, "\(name)")
                for entry in translation.entries {
                    #expect(entry.action == .mapped || entry.note?.isEmpty == false, "\(name)")
                    #expect((entry.action == .dropped) == (entry.providerParameter == nil && entry.action != .mapped))
                }
                #expect(translation.losses == translation.entries.filter { $0.action != .mapped })
                #expect(translation.impossible == nil)
            }
        }
    }

    /// R5: nothing is lost silently.
    @Test(arguments: RemixModel.allCases)
    func `each parameter that a request carries is in the report`(model: RemixModel) {
        for (name, request) in Requests.variations(model) {
            let carried = Self.carried(request)
            let changed = request.output == OutputOptions() ? carried : carried.union(["output"])
            let missing = changed.subtracting(RunwareTranslation.translate(request).entries.map(\.parameter))
            #expect(missing.isEmpty, "\(name) at Runware")
            // A PNG by link is what Ideogram gives by itself, so there is nothing to tell.
            let isOwn = request.output == OutputOptions(type: .url, format: .png)
            let missingAtIdeogram = (isOwn ? carried : changed).subtracting(
                IdeogramTranslation.translate(request).entries.map(\.parameter)
            )
            #expect(missingAtIdeogram.isEmpty, "\(name) at Ideogram")
        }
    }

    @Test func `the output asked for is reported at both providers`() {
        let request = Requests.make(.ideogram4) { $0.output = OutputOptions(type: .base64, format: .webp, quality: 40) }
        let ideogram = IdeogramTranslation.translate(request).entries.first { $0.parameter == "output" }
        #expect(ideogram?.action == .mapped && ideogram?.note != nil)
        let runware = RunwareTranslation.translate(request).entries.filter { $0.parameter == "output" }
        #expect(runware.map(\.action) == [.mapped])
        let plain = RunwareTranslation.translate(Requests.minimal(.ideogram4)).entries
        #expect(!plain.contains { $0.parameter == "output" })
        #expect(runware.map(\.providerParameter) == ["outputType, outputFormat, outputQuality"])
    }

    @Test func `a style type is honoured where the model has it`() {
        let atIdeogram3: Set<StyleType> = [.auto, .general, .realistic, .design, .fiction]
        for style in StyleType.allCases {
            func action(_ model: RemixModel, _ translate: (RemixRequest) -> ProviderTranslation) -> String? {
                Self.report(translate(Requests.make(model) { $0.styleType = style }))["style_type"]
            }
            for model in [RemixModel.ideogram3, .ideogram1] {
                #expect(action(model, RunwareTranslation.translate) == "mapped providerSettings.ideogram.styleType")
            }
            let expected = atIdeogram3.contains(style) ? "mapped style_type" : "dropped -"
            #expect(action(.ideogram3, IdeogramTranslation.translate) == expected, "\(style)")
            let sent = RequestBodyTests.ideogram(
                Requests.make(.ideogram3) { $0.styleType = style },
                delivery: .sync
            )
            #expect(sent.contains("style_type") == atIdeogram3.contains(style))
            #expect(action(.ideogram1, IdeogramTranslation.translate) == (style == .auto ? "mapped -" : "dropped -"))
        }
    }

    @Test(arguments: [
        ("768x1232", "ASPECT_10_16"), ("1232x768", "ASPECT_16_10"), ("720x1280", "ASPECT_9_16"),
        ("1280x720", "ASPECT_16_9"), ("1152x768", "ASPECT_3_2"), ("832x1248", "ASPECT_2_3"),
        ("1024x768", "ASPECT_4_3"), ("768x1024", "ASPECT_3_4"), ("1024x1024", "ASPECT_1_1"),
        ("512x1536", "ASPECT_1_3"), ("1536x512", "ASPECT_3_1"),
    ])
    func `every size of 1_0 has a ratio of its own`(size: String, ratio: String) throws {
        let pixels = try #require(PixelSize(size))
        #expect(RemixModel.ideogram1.sizes.contains(pixels))
        #expect(IdeogramTranslation.aspectRatio(pixels) == ratio)
        let body = RequestBodyTests.ideogram(Requests.make(.ideogram1) { $0.size = pixels }, delivery: .sync)
        #expect(body.contains("\"aspect_ratio\":\"\(ratio)\""))
    }

    @Test func `no two sizes of 1_0 share a ratio`() {
        #expect(Set(RemixModel.ideogram1.sizes.map(IdeogramTranslation.aspectRatio)).count == 11)
    }

    @Test(arguments: ["1000x500", "96x96", "33x100", "4000x10", "1x9999"])
    func `a size that was not asked for follows the source where the provider needs one`(source: String) throws {
        let size = try #require(PixelSize(source))
        let image = SourceImage(bytes: [1], format: .png, size: size)
        for model in RemixModel.allCases {
            let request = RemixRequest(model: model, prompt: "kite", image: image)
            let chosen = SizeTable.closestShape(to: size, model: model)
            #expect(model.sizes.contains(chosen))
            let sent = try RequestBodyTests.runware(request, delivery: .sync)
            #expect(sent.contains("\"width\":\(chosen.width)") && sent.contains("\"height\":\(chosen.height)"))
            let entry = RunwareTranslation.translate(request).entries.first { $0.parameter == "width" }
            #expect(entry?.action == .mapped && entry?.note?.contains("\(chosen)") == true)
            let ideogram = RequestBodyTests.ideogram(request, delivery: .sync)
            switch model {
            // 4.0 keeps the source's shape by itself.
            case .ideogram4: #expect(!ideogram.contains("resolution"))
            case .ideogram3: #expect(ideogram.contains("resolution = \"\(chosen)\""))
            case .ideogram1: #expect(ideogram.contains(IdeogramTranslation.aspectRatio(chosen)))
            }
        }
    }

    @Test func `the source is cropped for 4_0 when weight and another shape come together, and only then`() throws {
        typealias Case = (model: RemixModel, strength: Double?, size: String?, source: String, crops: Bool)
        let cases: [Case] = [
            (.ideogram4, 0.5, "2048x2048", "96x48", true), (.ideogram4, 0.5, "2048x2048", "96x96", false),
            (.ideogram4, 0.5, "2880x1440", "96x48", false), (.ideogram4, 0, "1440x2880", "96x48", true),
            (.ideogram4, nil, "2048x2048", "96x48", false), (.ideogram4, 0.5, nil, "96x48", false),
            (.ideogram4, nil, nil, "96x48", false), (.ideogram4, 0.5, "2048x2048", "97x96", true),
            (.ideogram3, 0.5, "1024x1024", "96x48", false), (.ideogram1, 0.5, "1024x1024", "96x48", false),
        ]
        for row in cases {
            let image = SourceImage(bytes: [1], format: .png, size: try #require(PixelSize(row.source)))
            var request = RemixRequest(model: row.model, prompt: "kite", image: image)
            request.strength = row.strength
            request.size = row.size.flatMap { PixelSize($0) }
            let ratio = IdeogramTranslation.cropRatio(for: request)
            #expect(ratio == (row.crops ? request.size : nil), "\(row)")
            let entry = IdeogramTranslation.translate(request).entries.first { $0.parameter == "image" }
            #expect(entry?.action == (row.crops ? .approximated : .mapped), "\(row)")
            #expect(RunwareTranslation.translate(request).losses.isEmpty)
        }
    }

    @Test func `the images of one request and the names of the models are right`() {
        let rows: [(RemixModel, RenderingSpeed?, String, Int)] = [
            (.ideogram4, nil, "ideogram-v4/remix", 1), (.ideogram3, .turbo, "ideogram-v3/remix", 8),
            (.ideogram1, .turbo, "remix/V_1_TURBO", 8), (.ideogram1, .default, "remix/V_1", 8),
            (.ideogram1, .quality, "remix/V_1", 8), (.ideogram1, nil, "remix/V_1", 8),
        ]
        for (model, speed, name, count) in rows {
            let request = Requests.make(model) { $0.renderingSpeed = speed }
            let ideogram = IdeogramTranslation.translate(request)
            #expect(ideogram.providerModel == name && ideogram.imagesPerRequest == count)
            let runware = RunwareTranslation.translate(request)
            #expect(runware.providerModel == model.air && runware.imagesPerRequest == 20)
            // Runware knows a task by our name of it, Ideogram gives its own.
            #expect(runware.takesTaskID && !ideogram.takesTaskID)
        }
    }

    /// Which images of a request are tried with one byte too many.
    enum Oversized: CaseIterable, Sendable { case none, source, style, character, lastOfSeveral }

    @Test(arguments: RemixModel.allCases, Oversized.allCases)
    func `an image above Ideogram's limit makes it no candidate`(model: RemixModel, oversized: Oversized) {
        func image(_ extra: Int) -> SourceImage {
            SourceImage(
                bytes: [UInt8](repeating: 0, count: 10_000_000 + extra),
                format: .png,
                size: PixelSize(width: 1024, height: 1024)
            )
        }
        var request = RemixRequest(model: model, prompt: "kite", image: image(oversized == .source ? 1 : 0))
        switch oversized {
        case .none, .source: break
        case .style: request.styleReferenceImages = [image(1)]
        case .character: request.characterReferenceImages = [image(1)]
        case .lastOfSeveral: request.styleReferenceImages = [image(0), image(1)]
        }
        #expect(RunwareTranslation.translate(request).impossible == nil)
        let reason = IdeogramTranslation.translate(request).impossible
        #expect((reason != nil) == (oversized != .none), "\(reason ?? "-")")
    }

    // MARK: - Helpers

    /// `ACTION PARAMETER` by our parameter's name.
    private static func report(_ translation: ProviderTranslation) -> [String: String] {
        Dictionary(
            translation.entries.map { ($0.parameter, "\($0.action.rawValue) \($0.providerParameter ?? "-")") },
            uniquingKeysWith: { "\($0) and \($1)" }
        )
    }

    private static func carried(_ request: RemixRequest) -> Set<String> {
        let given: [(RemixParameter, Bool)] = [
            (.prompt, true), (.image, true), (.strength, request.strength != nil), (.width, request.size != nil),
            (.height, request.size != nil), (.count, request.count > 1),
            (.renderingSpeed, request.renderingSpeed != nil), (.copyrightDetection, request.copyrightDetection),
            (.safetyCheck, request.safetyCheck), (.negativePrompt, request.negativePrompt != nil),
            (.magicPrompt, request.magicPrompt != nil), (.styleType, request.styleType != nil),
            (.stylePreset, request.stylePreset != nil), (.styleCode, request.styleCode != nil),
            (.styleReferenceImages, !request.styleReferenceImages.isEmpty),
            (.characterReferenceImages, !request.characterReferenceImages.isEmpty),
            (.characterReferenceMasks, !request.characterReferenceMasks.isEmpty), (.seed, request.seed != nil),
        ]
        return Set(given.filter(\.1).map(\.0.rawValue))
    }
}
