import EaselCore
import Foundation
import Testing
import TestTools

@Suite("Sizes")
struct SizeTableTests {
    /// Runware's table of `ideogram:4@remix`, which is Ideogram's list of 2K sizes too.
    static let remix4 = """
        2048x2048 1440x2880 2880x1440 1664x2496 2496x1664 1792x2240 2240x1792 1440x2560 2560x1440 1600x2560 2560x1600 \
        1728x2304 2304x1728 1296x3168 3168x1296 1152x2944 2944x1152 1248x3328 3328x1248 1280x3072 3072x1280 1024x3072 \
        3072x1024
        """
    /// Ideogram's `ResolutionV3`, in its own order; Runware's table of `ideogram:4@2` holds the same sizes.
    static let resolutionV3 = """
        512x1536 576x1408 576x1472 576x1536 640x1344 640x1408 640x1472 640x1536 704x1152 704x1216 704x1280 704x1344 \
        704x1408 704x1472 736x1312 768x1088 768x1216 768x1280 768x1344 800x1280 832x960 832x1024 832x1088 832x1152 \
        832x1216 832x1248 864x1152 896x960 896x1024 896x1088 896x1120 896x1152 960x832 960x896 960x1024 960x1088 \
        1024x832 1024x896 1024x960 1024x1024 1088x768 1088x832 1088x896 1088x960 1120x896 1152x704 1152x832 1152x864 \
        1152x896 1216x704 1216x768 1216x832 1248x832 1280x704 1280x768 1280x800 1312x736 1344x640 1344x704 1344x768 \
        1408x576 1408x640 1408x704 1472x576 1472x640 1472x704 1536x512 1536x576 1536x640
        """
    /// Runware's table of `ideogram:1@2`.
    static let remix1 = """
        768x1232 1232x768 720x1280 1280x720 1152x768 832x1248 1024x768 768x1024 1024x1024 512x1536 1536x512
        """

    @Test(
        arguments: zip(RemixModel.allCases, [(remix4, 23), (resolutionV3, 69), (remix1, 11)])
    )
    func `the table of a model is the documented one`(model: RemixModel, fixture: (text: String, count: Int)) {
        let documented = fixture.text.split(separator: " ").compactMap { PixelSize($0) }
        #expect(documented.count == fixture.count)
        #expect(model.sizes.count == fixture.count, "no size stands twice")
        #expect(Set(model.sizes) == Set(documented))
    }

    @Test(arguments: [RemixModel.ideogram4, .ideogram3])
    func `every size has its turned one`(model: RemixModel) {
        #expect(Set(model.sizes.map { PixelSize(width: $0.height, height: $0.width) }) == Set(model.sizes))
    }

    @Test(arguments: RemixModel.allCases)
    func `a size of the table is its own nearest`(model: RemixModel) {
        for size in model.sizes {
            #expect(SizeTable.nearest(to: size, model: model).first == size)
            let shape = Double(size.width) / Double(size.height)
            let closest = SizeTable.closestShape(to: size, model: model)
            #expect(abs(Double(closest.width) / Double(closest.height) - shape) < 1e-9)
            #expect(closest.width >= size.width, "the largest of one shape")
        }
    }

    @Test(
        arguments: [
            (.ideogram4, "1024x1024", "2048x2048"), (.ideogram4, "1920x1080", "2560x1440"),
            (.ideogram4, "1000x3000", "1024x3072"), (.ideogram4, "1440x2559", "1440x2560"),
            (.ideogram3, "1000x1000", "1024x1024"), (.ideogram3, "1280x720", "1312x736"),
            (.ideogram3, "500x1500", "512x1536"), (.ideogram1, "640x360", "1280x720"),
            (.ideogram1, "2048x2048", "1024x1024"), (.ideogram1, "1x3", "512x1536"),
        ] as [(RemixModel, String, String)]
    )
    func `the nearest size keeps the shape`(model: RemixModel, wanted: String, nearest: String) throws {
        let size = try #require(PixelSize(wanted))
        #expect(SizeTable.nearest(to: size, model: model).first?.description == nearest)
    }

    @Test(arguments: RemixModel.allCases)
    func `as many neighbours come as asked for, all allowed and different`(model: RemixModel) {
        for seed in UInt64(0x0E5E_7000)..<0x0E5E_7000 + 100 {
            var random = SeededRandom(seed: seed)
            let size = PixelSize(
                width: Int.random(in: 0...100_000, using: &random),
                height: Int.random(in: 0...100_000, using: &random)
            )
            for count in [0, 1, 3, 200] {
                let nearest = SizeTable.nearest(to: size, model: model, count: count)
                #expect(nearest.count == min(count, model.sizes.count), "seed \(seed)")
                #expect(Set(nearest).count == nearest.count && Set(nearest).isSubset(of: model.sizes), "seed \(seed)")
            }
        }
    }

    @Test(arguments: RemixModel.allCases)
    func `no allowed shape is closer to a source than the chosen one`(model: RemixModel) {
        for seed in UInt64(0x0E5E_7100)..<0x0E5E_7100 + 200 {
            var random = SeededRandom(seed: seed)
            let source = PixelSize(
                width: Int.random(in: 1...12_000, using: &random),
                height: Int.random(in: 1...12_000, using: &random)
            )
            func distance(_ size: PixelSize) -> Double {
                abs(log(Double(size.width * source.height) / Double(size.height * source.width)))
            }
            let chosen = SizeTable.closestShape(to: source, model: model)
            let best = model.sizes.map(distance).min() ?? .infinity
            #expect(distance(chosen) <= best + 1e-6, "seed \(seed): \(source) -> \(chosen)")
        }
    }

    @Test(arguments: [("1024x768", 1024, 768), ("1x1", 1, 1), ("01024x1", 1024, 1)])
    func `WxH is read`(text: String, width: Int, height: Int) {
        #expect(PixelSize(text) == PixelSize(width: width, height: height))
    }

    @Test(
        arguments: [
            "", "x", "1024", "1024x", "x768", "1024x768x1", "0x768", "1024x0", "-1x768", "1024X768", "1024 x 768",
            "axb",
            "99999999999999999999x1", "1.5x2",
        ]
    )
    func `anything else is no size`(text: String) {
        #expect(PixelSize(text) == nil)
    }

    @Test func `a number with a plus sign is no size`() {
        for text in ["+1024x+768", "+1024x768", "1024x+768", "1024x-0", "1024x٧٦٨", "1024x7\u{301}68"] {
            #expect(PixelSize(text) == nil, "\(text)")
        }
        #expect(PixelSize("01024x0768") == PixelSize(width: 1024, height: 768))
    }

    @Test func `a size is written as it is read`() {
        #expect(PixelSize(width: 1024, height: 768).description == "1024x768")
    }
}

@Suite("Models")
struct RemixModelTests {
    @Test(
        arguments: [
            ("ideogram-4.0", .ideogram4), ("ideogram-3.0", .ideogram3), ("ideogram-1.0", .ideogram1),
            ("ideogram:4@remix", .ideogram4), ("ideogram:4@2", .ideogram3), ("ideogram:1@2", .ideogram1),
        ] as [(String, RemixModel)]
    )
    func `names and AIR ids are known`(name: String, model: RemixModel) {
        #expect(RemixModel(alias: name) == model)
        #expect(RemixModel.knownNames.contains(name))
    }

    @Test(arguments: ["", "ideogram", "ideogram-2.0", "Ideogram-4.0", "ideogram:4@0", "ideogram:4@1", " ideogram-4.0"])
    func `other names are not`(name: String) {
        #expect(RemixModel(alias: name) == nil)
    }

    @Test func `what each model has beyond the common parameters`() {
        let special: [RemixModel: Set<RemixParameter>] = [
            .ideogram4: [],
            .ideogram3: [
                .negativePrompt, .magicPrompt, .styleType, .styleReferenceImages, .seed, .stylePreset, .styleCode,
                .characterReferenceImages, .characterReferenceMasks,
            ],
            .ideogram1: [.negativePrompt, .magicPrompt, .styleType, .styleReferenceImages, .seed],
        ]
        let common = Set(RemixParameter.allCases).subtracting(special[.ideogram3, default: []])
        #expect(common.count == 17)
        for model in RemixModel.allCases {
            let offered = Set(RemixParameter.allCases.filter { model.offers($0) })
            #expect(offered == common.union(special[model, default: []]), "\(model.rawValue)")
        }
    }

    @Test func `wire names are the providers' spellings`() {
        #expect(RenderingSpeed.allCases.map(\.wireName) == ["TURBO", "DEFAULT", "QUALITY"])
        #expect(MagicPrompt.allCases.map(\.wireName) == ["AUTO", "ON", "OFF"])
        #expect(
            StyleType.allCases.map(\.wireName)
                == ["AUTO", "GENERAL", "REALISTIC", "DESIGN", "RENDER_3D", "ANIME", "FICTION"]
        )
    }

    @Test func `there are 62 presets`() {
        #expect(StylePresets.all.count == 62)
        #expect(StylePresets.all.isSuperset(of: ["80S_ILLUSTRATION", "C4D_CARTOON", "WATERCOLOR", "WOODBLOCK_PRINT"]))
    }
}
