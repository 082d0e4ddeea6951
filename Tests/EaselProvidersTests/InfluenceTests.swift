import EaselBase
import EaselCore
@testable import EaselProviders
import Testing

struct InfluenceTests {
    @Test(arguments: 0...100)
    func `each hundredth arrives on every scale`(hundredths: Int) throws {
        let strength = Double(hundredths) / 100
        #expect(Influence.remixStrength(strength) == max(1, hundredths))
        #expect(Influence.imageWeight(strength) == max(1, 100 - hundredths))
        // The text counts: Runware refuses a number that is not a hundredth.
        let digits = "\(hundredths)"
        let expected =
            switch hundredths {
            case 0: "0"
            case 100: "1"
            case 1...9: "0.0\(digits)"
            default: "0." + (hundredths % 10 == 0 ? "\(hundredths / 10)" : digits)
            }
        #expect(try JSON.text([Influence.runwareStrength(strength)]) == "[\(expected)]")
    }

    @Test(arguments: 0...100)
    func `the report says exactly when a strength was moved`(hundredths: Int) {
        for model in RemixModel.allCases {
            let request = Requests.make(model) { $0.strength = Double(hundredths) / 100 }
            let runware = entry(RunwareTranslation.translate(request))
            // 0 is no remixStrength, 1 is no image_weight: there the nearest value is sent and said so.
            let isMovedAtRunware = model != .ideogram4 && hundredths == 0
            #expect(runware?.action == (isMovedAtRunware ? .approximated : .mapped), "\(model)")
            #expect((runware?.note != nil) == isMovedAtRunware)
            let ideogram = entry(IdeogramTranslation.translate(request))
            #expect(ideogram?.action == (hundredths == 100 ? .approximated : .mapped), "\(model)")
            #expect(ideogram?.note?.contains("\(max(1, 100 - hundredths)) of 100") == true)
        }
    }

    @Test func `finer strengths are rounded to the nearest step, told, and keep their order`() {
        var last = (runware: -1.0, remix: 0, weight: 101)
        for thousandths in 0...1000 {
            let strength = Double(thousandths) / 1000
            let now = (
                runware: Influence.runwareStrength(strength), remix: Influence.remixStrength(strength),
                weight: Influence.imageWeight(strength)
            )
            #expect(abs(now.runware - strength) < 0.005_001)
            #expect(now.runware >= last.runware && now.remix >= last.remix && now.weight <= last.weight)
            #expect((1...100).contains(now.remix) && (1...100).contains(now.weight) && (0...1).contains(now.runware))
            last = now
            guard thousandths % 10 != 0 else { continue }
            let request = Requests.make(.ideogram4) { $0.strength = strength }
            #expect(entry(RunwareTranslation.translate(request))?.action == .approximated)
            #expect(entry(IdeogramTranslation.translate(request))?.action == .approximated)
        }
    }

    @Test(arguments: RemixModel.allCases)
    func `an omitted strength stays omitted`(model: RemixModel) throws {
        let request = Requests.minimal(model)
        #expect(entry(RunwareTranslation.translate(request)) == nil)
        #expect(entry(IdeogramTranslation.translate(request)) == nil)
        #expect(try !RequestBodyTests.runware(request, delivery: .sync).lowercased().contains("strength"))
        #expect(!RequestBodyTests.ideogram(request, delivery: .sync).contains("image_weight"))
    }

    private func entry(_ translation: ProviderTranslation) -> TranslationEntry? {
        translation.entries.first { $0.parameter == "strength" }
    }
}
