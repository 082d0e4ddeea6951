import EaselBase
import EaselCore
import Testing

/// One row of a table: a change to a good draft, and the parameter that is to blame (nil: nothing is).
private struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let model: RemixModel
    let fault: String?
    let change: @Sendable (inout RemixDraft) -> Void

    init(
        _ description: String,
        _ model: RemixModel = .ideogram3,
        fault: String? = nil,
        _ change: @escaping @Sendable (inout RemixDraft) -> Void
    ) {
        testDescription = "\(model.rawValue): \(description)"
        self.model = model
        self.fault = fault
        self.change = change
    }
}

private func scalars(_ count: Int) -> String { String(repeating: "é", count: count) }

private let goodRows: [Row] = [
    Row("nothing but the required") { _ in },
    Row("AIR id") { $0.model = "ideogram:4@2" },
    Row("shortest prompt", .ideogram4) { $0.prompt = scalars(2) },
    Row("longest prompt", .ideogram4) { $0.prompt = scalars(2048) },
    Row("shortest prompt") { $0.prompt = "x" },
    Row("longest prompt") { $0.prompt = scalars(2000) },
    Row("shortest prompt", .ideogram1) { $0.prompt = "x" },
    Row("longest prompt", .ideogram1) { $0.prompt = scalars(2000) },
    Row("prompt with other control characters") { $0.prompt = "one\r\n\ttwo\u{1}" },
    Row("file part") { $0.image = .bytes([0x89]) },
    Row("strength 0") { $0.strength = 0 },
    Row("strength 1") { $0.strength = 1 },
    Row("first size of the table", .ideogram4) { ($0.width, $0.height) = (2048, 2048) },
    Row("last size of the table", .ideogram4) { ($0.width, $0.height) = (3072, 1024) },
    Row("a size", .ideogram3) { ($0.width, $0.height) = (1280, 800) },
    Row("a size", .ideogram1) { ($0.width, $0.height) = (1232, 768) },
    Row("count 1") { $0.count = 1 },
    Row("count 20") { $0.count = 20 },
    Row("speed turbo") { $0.renderingSpeed = "turbo" },
    Row("speed default") { $0.renderingSpeed = "default" },
    Row("speed quality") { $0.renderingSpeed = "quality" },
    Row("checks", .ideogram4) { ($0.copyrightDetection, $0.safetyCheck) = (true, true) },
    Row("longest negative prompt") { $0.negativePrompt = scalars(2000) },
    Row("negative prompt", .ideogram1) { $0.negativePrompt = "x" },
    Row("magic prompt") { $0.magicPrompt = "off" },
    Row("magic prompt", .ideogram1) { $0.magicPrompt = "auto" },
    Row("style type") { $0.styleType = "render_3d" },
    Row("style type", .ideogram1) { $0.styleType = "anime" },
    Row("style preset") { $0.stylePreset = "WATERCOLOR" },
    Row("style code") { $0.styleCode = "00aAfF9c" },
    Row("style code beside a preset") { ($0.styleCode, $0.stylePreset) = ("00aaff9c", "WATERCOLOR") },
    Row("one style reference", .ideogram1) { $0.styleReferenceImages = [.text("a")] },
    Row("four style references") { $0.styleReferenceImages = Array(repeating: .text("a"), count: 4) },
    Row("character reference") { $0.characterReferenceImages = [.text("a")] },
    Row("character reference with mask") {
        ($0.characterReferenceImages, $0.characterReferenceMasks) = ([.text("a")], [.text("b")])
    },
    Row("seed 0") { $0.seed = 0 },
    Row("largest seed", .ideogram1) { $0.seed = 2_147_483_647 },
    Row("output") { ($0.outputType, $0.outputFormat, $0.outputQuality) = ("data_uri", "webp", 20) },
    Row("best quality") { $0.outputQuality = 99 },
    Row("project of 128 characters") { $0.project = scalars(128) },
    Row("no tags") { $0.tags = [:] },
    Row("16 tags of full length") { draft in
        draft.tags = Dictionary(uniqueKeysWithValues: (10..<26).map { ("\($0)" + scalars(62), scalars(256)) })
    },
    Row("tag without a value") { $0.tags = ["campaign": ""] },
    Row("smallest cost") { $0.maxCostUSD = "0.000000001" },
    Row("shortest deadline") { $0.deadline = "100ms" },
    Row("longest deadline") { $0.deadline = "1h" },
    Row("strict") { $0.strict = true },
]

private let badRows: [Row] = [
    Row("no model", fault: "model") { $0.model = nil },
    Row("unknown model", fault: "model") { $0.model = "ideogram-2.0" },
    Row("no prompt", fault: "prompt") { $0.prompt = nil },
    Row("empty prompt", fault: "prompt") { $0.prompt = "" },
    Row("prompt of one character", .ideogram4, fault: "prompt") { $0.prompt = "x" },
    Row("prompt too long", .ideogram4, fault: "prompt") { $0.prompt = scalars(2049) },
    Row("prompt too long", .ideogram3, fault: "prompt") { $0.prompt = scalars(2001) },
    Row("prompt too long", .ideogram1, fault: "prompt") { $0.prompt = scalars(2001) },
    Row("scalars count, not what looks like one character", fault: "prompt") {
        $0.prompt = String(repeating: "e\u{301}", count: 1001)
    },
    Row("prompt with NUL", fault: "prompt") { $0.prompt = "a fox\u{0}" },
    Row("prompt of nothing but NUL", .ideogram4, fault: "prompt") { $0.prompt = "\u{0}\u{0}" },
    Row("negative prompt with NUL", fault: "negative_prompt") { $0.negativePrompt = "no\u{0}blur" },
    Row("no image", fault: "image") { $0.image = nil },
    Row("strength below", fault: "strength") { $0.strength = -0.01 },
    Row("strength above", fault: "strength") { $0.strength = 1.01 },
    Row("strength not a number", fault: "strength") { $0.strength = .nan },
    Row("endless strength", fault: "strength") { $0.strength = .infinity },
    Row("width alone", fault: "height") { $0.width = 1024 },
    Row("height alone", fault: "width") { $0.height = 1024 },
    Row("size of another model", .ideogram4, fault: "width") { ($0.width, $0.height) = (1024, 1024) },
    Row("size of another model", .ideogram3, fault: "width") { ($0.width, $0.height) = (2048, 2048) },
    Row("size of 2.0", .ideogram3, fault: "width") { ($0.width, $0.height) = (1280, 720) },
    Row("size of another model", .ideogram1, fault: "width") { ($0.width, $0.height) = (1280, 800) },
    Row("size without area", fault: "width") { ($0.width, $0.height) = (0, 1024) },
    Row("negative size", fault: "width") { ($0.width, $0.height) = (1024, -1024) },
    Row("size beyond reason", fault: "width") { ($0.width, $0.height) = (.max, .max) },
    Row("count 0", fault: "count") { $0.count = 0 },
    Row("count 21", fault: "count") { $0.count = 21 },
    Row("count below", fault: "count") { $0.count = .min },
    Row("wire spelling", fault: "rendering_speed") { $0.renderingSpeed = "TURBO" },
    Row("unknown speed", fault: "rendering_speed") { $0.renderingSpeed = "flash" },
    Row("negative prompt", .ideogram4, fault: "negative_prompt") { $0.negativePrompt = "x" },
    Row("empty negative prompt", fault: "negative_prompt") { $0.negativePrompt = "" },
    Row("negative prompt too long", fault: "negative_prompt") { $0.negativePrompt = scalars(2001) },
    Row("magic prompt", .ideogram4, fault: "magic_prompt") { $0.magicPrompt = "on" },
    Row("unknown magic prompt", fault: "magic_prompt") { $0.magicPrompt = "true" },
    Row("style type", .ideogram4, fault: "style_type") { $0.styleType = "auto" },
    Row("unknown style type", fault: "style_type") { $0.styleType = "photo" },
    Row("style preset", .ideogram4, fault: "style_preset") { $0.stylePreset = "WATERCOLOR" },
    Row("style preset", .ideogram1, fault: "style_preset") { $0.stylePreset = "WATERCOLOR" },
    Row("unknown style preset", fault: "style_preset") { $0.stylePreset = "watercolor" },
    Row("style code", .ideogram4, fault: "style_code") { $0.styleCode = "00aaff9c" },
    Row("style code", .ideogram1, fault: "style_code") { $0.styleCode = "00aaff9c" },
    Row("style code of 7", fault: "style_code") { $0.styleCode = "00aaff9" },
    Row("style code of 9", fault: "style_code") { $0.styleCode = "00aaff9c0" },
    Row("style code with a letter too far", fault: "style_code") { $0.styleCode = "00aaff9g" },
    Row("style code of 8 bytes in 4 characters", fault: "style_code") { $0.styleCode = "éééé" },
    Row("style code beside a style type", fault: "style_code") {
        ($0.styleCode, $0.styleType) = ("00aaff9c", "general")
    },
    Row("style code beside references", fault: "style_code") {
        ($0.styleCode, $0.styleReferenceImages) = ("00aaff9c", [.text("a")])
    },
    Row("style references", .ideogram4, fault: "style_reference_images") { $0.styleReferenceImages = [.text("a")] },
    Row("an empty list of style references", fault: "style_reference_images") { $0.styleReferenceImages = [] },
    Row("five style references", fault: "style_reference_images") {
        $0.styleReferenceImages = Array(repeating: .text("a"), count: 5)
    },
    Row("character reference", .ideogram4, fault: "character_reference_images") {
        $0.characterReferenceImages = [.text("a")]
    },
    Row("character reference", .ideogram1, fault: "character_reference_images") {
        $0.characterReferenceImages = [.text("a")]
    },
    Row("an empty list of character references", fault: "character_reference_images") {
        $0.characterReferenceImages = []
    },
    Row("two character references", fault: "character_reference_images") {
        $0.characterReferenceImages = [.text("a"), .text("b")]
    },
    Row("mask without its image", fault: "character_reference_masks") { $0.characterReferenceMasks = [.text("b")] },
    Row("no mask for the image", fault: "character_reference_masks") {
        ($0.characterReferenceImages, $0.characterReferenceMasks) = ([.text("a")], [])
    },
    Row("two masks for one image", fault: "character_reference_masks") {
        ($0.characterReferenceImages, $0.characterReferenceMasks) = ([.text("a")], [.text("b"), .text("c")])
    },
    Row("seed", .ideogram4, fault: "seed") { $0.seed = 1 },
    Row("negative seed", fault: "seed") { $0.seed = -1 },
    Row("seed of 32 bits", fault: "seed") { $0.seed = 2_147_483_648 },
    Row("output type", fault: "output") { $0.outputType = "URL" },
    Row("output format", fault: "output") { $0.outputFormat = "jpeg" },
    Row("output quality below", fault: "output") { $0.outputQuality = 19 },
    Row("output quality above", fault: "output") { $0.outputQuality = 100 },
    Row("all of the output, told once", fault: "output") {
        ($0.outputType, $0.outputFormat, $0.outputQuality) = ("ftp", "gif", 0)
    },
    Row("empty project", fault: "project") { $0.project = "" },
    Row("project too long", fault: "project") { $0.project = scalars(129) },
    Row("project over two lines", fault: "project") { $0.project = "a\nb" },
    Row("project with DEL", fault: "project") { $0.project = "a\u{7F}" },
    Row("17 tags", fault: "tags") { draft in
        draft.tags = Dictionary(uniqueKeysWithValues: (0..<17).map { ("tag\($0)", "x") })
    },
    Row("tag without a name", fault: "tags") { $0.tags = ["": "x"] },
    Row("tag name too long", fault: "tags") { $0.tags = [scalars(65): "x"] },
    Row("tag value too long", fault: "tags") { $0.tags = ["x": scalars(257)] },
    Row("tag name with NUL", fault: "tags") { $0.tags = ["a\u{0}": "x"] },
    Row("tag value with C1", fault: "tags") { $0.tags = ["a": "\u{9B}"] },
    Row("many bad tags, told once", fault: "tags") { $0.tags = ["": "\n", "\n": "", "\t": scalars(300)] },
    Row("cost 0", fault: "max_cost_usd") { $0.maxCostUSD = "0.00" },
    Row("negative cost", fault: "max_cost_usd") { $0.maxCostUSD = "-1" },
    Row("cost with an exponent", fault: "max_cost_usd") { $0.maxCostUSD = "1e-2" },
    Row("cost with a sign", fault: "max_cost_usd") { $0.maxCostUSD = "$0.20" },
    Row("cost finer than a nanodollar", fault: "max_cost_usd") { $0.maxCostUSD = "0.0000000001" },
    Row("deadline too short", fault: "deadline") { $0.deadline = "99ms" },
    Row("deadline too long", fault: "deadline") { $0.deadline = "3601s" },
    Row("deadline in days", fault: "deadline") { $0.deadline = "999999999d" },
    Row("deadline without a unit", fault: "deadline") { $0.deadline = "90" },
    Row("no deadline at all", fault: "deadline") { $0.deadline = "0" },
]

@Suite("Validation")
struct RemixValidationTests {
    private func faults(_ draft: RemixDraft, known: [RequestFault] = []) -> [RequestFault] {
        switch RemixValidation.check(draft, known: known) {
        case .success: []
        case .failure(let error): error.faults
        }
    }

    @Test(arguments: goodRows)
    private func `a good value passes`(row: Row) {
        var draft = Samples.draft(row.model)
        row.change(&draft)
        #expect(faults(draft).isEmpty)
    }

    @Test(arguments: badRows)
    private func `a bad value is the one fault`(row: Row) {
        var draft = Samples.draft(row.model)
        row.change(&draft)
        #expect(faults(draft).map(\.parameter) == [row.fault])
    }

    @Test func `every parameter with a rule has a bad row`() {
        // `policy` is looked up later, and the booleans can only be of the wrong kind.
        let free: Set<RemixParameter> = [.policy, .copyrightDetection, .safetyCheck, .strict]
        let covered = Set(badRows.compactMap(\.fault))
        #expect(Set(RemixParameter.allCases.filter { !free.contains($0) }.map(\.rawValue)) == covered)
    }

    @Test func `an empty draft lacks three things`() {
        #expect(faults(RemixDraft()).map(\.parameter) == ["model", "prompt", "image"])
    }

    @Test func `many faults are told at once`() {
        var draft = RemixDraft()
        draft.model = "ideogram-4.0"
        draft.prompt = "x"
        draft.strength = 2
        draft.width = 100
        draft.count = 0
        draft.renderingSpeed = "flash"
        draft.seed = -1
        draft.styleCode = "zz"
        draft.characterReferenceMasks = [.text("m")]
        draft.outputQuality = 1
        draft.project = ""
        draft.tags = ["": ""]
        draft.maxCostUSD = "free"
        draft.deadline = "soon"
        let told = faults(draft).map(\.parameter)
        #expect(
            told.sorted() == [
                "character_reference_masks", "count", "deadline", "height", "image", "max_cost_usd", "output",
                "project",
                "prompt", "rendering_speed", "seed", "strength", "style_code", "tags",
            ]
        )
    }

    @Test func `a field that could not be read is not blamed twice`() {
        let known = [RequestFault("prompt", "must be a string"), RequestFault("width", "must be a number")]
        var draft = Samples.draft()
        draft.prompt = nil
        draft.height = 1024
        draft.count = 21
        #expect(faults(draft, known: known).map(\.parameter) == ["prompt", "width", "count"])
        #expect(faults(draft, known: known).first?.message == "must be a string")
    }

    @Test func `a known fault alone is enough to fail`() {
        #expect(
            faults(Samples.draft(), known: [RequestFault("strict", "must be a boolean")]).map(\.parameter) == ["strict"]
        )
    }

    @Test func `a wrong size is answered with the nearest ones`() {
        var draft = Samples.draft(.ideogram4)
        (draft.width, draft.height) = (1920, 1080)
        let message = faults(draft).first?.message ?? ""
        #expect(message.hasPrefix("1920x1080 is not a size of ideogram-4.0; the nearest are 2560x1440, "))
    }

    @Test(
        arguments: [
            (.ideogram4, "seed", "ideogram-3.0, ideogram-1.0"), (.ideogram4, "style_code", "ideogram-3.0"),
            (.ideogram1, "style_code", "ideogram-3.0"),
        ] as [(RemixModel, String, String)]
    )
    func `a parameter of another model is told with the models that have it`(
        model: RemixModel,
        parameter: String,
        models: String
    ) {
        var draft = Samples.draft(model)
        if parameter == "seed" { draft.seed = 1 } else { draft.styleCode = "00aaff9c" }
        #expect(
            faults(draft) == [
                RequestFault(parameter, "\(model.rawValue) has no such parameter; these models do: \(models)")
            ]
        )
    }

    @Test func `what is not given has its default`() throws {
        let request = try RemixValidation.check(Samples.draft()).get().request(
            with: ResolvedImages(image: Samples.image)
        )
        #expect(request.model == .ideogram3 && request.prompt == "a lighthouse in the fog")
        #expect(request.strength == nil && request.size == nil && request.seed == nil && request.renderingSpeed == nil)
        #expect(request.count == 1 && request.effectiveSpeed == .default)
        #expect(!request.copyrightDetection && !request.safetyCheck && !request.strict)
        #expect(request.output == OutputOptions(type: .url, format: .jpg, quality: nil))
        #expect(request.tags.isEmpty && request.maxCost == nil && request.deadline == nil && request.policy == nil)
        #expect(!request.usesCharacterReference)
    }

    @Test func `every value given arrives`() throws {
        var draft = Samples.draft()
        draft.strength = 0.25
        (draft.width, draft.height) = (1280, 800)
        draft.count = 7
        draft.renderingSpeed = "quality"
        (draft.copyrightDetection, draft.safetyCheck, draft.strict) = (true, true, true)
        draft.negativePrompt = "fog"
        draft.magicPrompt = "off"
        draft.stylePreset = "ART_DECO"
        draft.styleType = "render_3d"
        draft.characterReferenceImages = [.text("a")]
        draft.characterReferenceMasks = [.text("b")]
        draft.seed = 42
        (draft.outputType, draft.outputFormat, draft.outputQuality) = ("base64", "png", 80)
        (draft.policy, draft.project, draft.tags) = ("cheapest", "spring", ["campaign": "2027"])
        (draft.maxCostUSD, draft.deadline) = ("0.20", "90s")
        let images = ResolvedImages(
            image: Samples.image,
            characterReferences: [Samples.image],
            characterMasks: [Samples.image]
        )
        let request = try RemixValidation.check(draft).get().request(with: images)
        #expect(request.strength == 0.25)
        #expect(request.size == PixelSize(width: 1280, height: 800))
        #expect(request.count == 7 && request.effectiveSpeed == .quality)
        #expect(request.copyrightDetection && request.safetyCheck && request.strict)
        #expect(request.negativePrompt == "fog" && request.magicPrompt == .off && request.seed == 42)
        #expect(request.stylePreset == "ART_DECO" && request.styleType == .render3D && request.styleCode == nil)
        #expect(request.usesCharacterReference && request.characterReferenceMasks.count == 1)
        #expect(request.output == OutputOptions(type: .base64, format: .png, quality: 80))
        #expect(request.policy == "cheapest" && request.project == "spring" && request.tags == ["campaign": "2027"])
        #expect(request.maxCost == Samples.cents(20) && request.deadline == .seconds(90))
    }

    @Test(arguments: RemixModel.allCases)
    func `all sizes of a model are accepted`(model: RemixModel) {
        for size in model.sizes {
            var draft = Samples.draft(model)
            (draft.width, draft.height) = (size.width, size.height)
            #expect(faults(draft).isEmpty, "\(size)")
        }
    }
}
