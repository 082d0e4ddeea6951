import EaselBase
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation
import TestKit
import Testing

/// All three models through both providers, JSON and form, one image and four, every type and format of output.
struct MatrixTests {
    struct Combination: Sendable, CustomTestStringConvertible {
        let model: RemixModel
        let provider: String
        let isForm: Bool
        let count: Int
        let output: OutputOptions.Kind
        let format: ImageFormat

        var testDescription: String {
            "\(model.rawValue) \(provider) \(isForm ? "form" : "json") \(count) \(output.rawValue) \(format.rawValue)"
        }

    }

    /// Every pair of model, provider, body and count; types and formats go round, so that every pair of them occurs with
    /// each provider.
    static let combinations: [Combination] = {
        var all: [Combination] = []
        for (shift, provider) in ["runware", "ideogram"].enumerated() {
            var turn = shift * 4
            for model in RemixModel.allCases {
                for isForm in [false, true] {
                    for count in [1, 4] {
                        all.append(
                            Combination(
                                model: model,
                                provider: provider,
                                isForm: isForm,
                                count: count,
                                output: OutputOptions.Kind.allCases[turn % 3],
                                format: ImageFormat.allCases[turn / 3 % 3]
                            )
                        )
                        turn += 1
                    }
                }
            }
        }
        return all
    }()

    @Test func `the sample holds every type and format with each provider`() {
        for provider in ["runware", "ideogram"] {
            let pairs = Self.combinations.filter { $0.provider == provider }.map { "\($0.output) \($0.format)" }
            #expect(Set(pairs).count == 9)
        }
    }

    @Test(arguments: [DeliveryMethod.sync, .async])
    func `everything works everywhere`(_ delivery: DeliveryMethod) async throws {
        var plan = House.Plan()
        plan.runware.delivery = delivery
        plan.ideogram.delivery = delivery
        try await House.with(plan) { house in
            for combination in Self.combinations { try await Self.check(combination, house) }
            let calls = try await house.get("/v1/calls?limit=500")
            #expect(calls["calls"]?.arrayValue?.count == Self.combinations.count)
        }
    }

    private static func check(_ combination: Combination, _ house: House) async throws {
        let before = house.sandbox.billing.total
        let comment = Comment(rawValue: combination.testDescription)
        let answer = try await send(combination, house)
        try #require(answer.status == 200, "\(comment): \(String(decoding: answer.body.prefix(600), as: UTF8.self))")
        #expect(answer["status"] == "succeeded", comment)
        #expect(answer["model"]?.stringValue == combination.model.rawValue, comment)
        #expect(answer.provider == combination.provider, comment)
        #expect(answer.fields["X-Easel-Provider"] == combination.provider, comment)
        #expect(answer.fields["X-Easel-Call-Id"] == answer.id, comment)
        #expect(answer.images.count == combination.count, comment)
        #expect(answer["latency_ms"]?.intValue != nil)
        for image in answer.images {
            let wanted: Set<String> = ["url", "base64", "data_uri"]
            #expect(wanted.filter { image[$0] != nil } == [combination.output.rawValue], comment)
            #expect(image["withheld"] == false)
            let bytes = try await house.bytes(of: image)
            #expect(SampleImage.format(of: bytes) == combination.format, comment)
            #expect(SampleImage.size(of: bytes)?.width == image["width"]?.intValue, comment)
            #expect(image["format"]?.stringValue == combination.format.rawValue, comment)
        }
        let billed = house.sandbox.billing.total - before
        #expect(answer["cost_usd"]?.stringValue == billed.usd, comment)
        #expect(answer.fields["X-Easel-Cost-Usd"] == billed.usd, comment)
        let basis = combination.provider == "runware" ? "provider" : "price_book"
        #expect(answer["cost_basis"]?.stringValue == basis, comment)
        let attempts = answer.attempts.compactMap { $0["cost_usd"]?.stringValue }.compactMap { Money(usd: $0) }
        #expect(attempts.reduce(.zero, +) == billed, comment)
        let kept = try await house.call(answer.id)
        #expect(kept.attemptFacts == answer.attemptFacts, comment)
        #expect(kept.images.count == combination.count)
        #expect(kept["translation"] == answer["translation"], comment)
    }

    private static func send(_ combination: Combination, _ house: House) async throws -> Answer {
        let policy = "only-\(combination.provider)"
        guard combination.isForm else {
            return try await house.remix([
                "model": .string(combination.model.rawValue), "count": .number(Decimal(combination.count)),
                "policy": .string(policy),
                "output": [
                    "type": .string(combination.output.rawValue), "format": .string(combination.format.rawValue),
                ],
            ])
        }
        return try await house.remixForm([
            ("model", combination.model.rawValue), ("prompt", "a quiet harbour"), ("count", "\(combination.count)"),
            ("policy", policy), ("output.type", combination.output.rawValue),
            ("output.format", combination.format.rawValue),
        ])
    }

    @Test(arguments: RemixModel.allCases)
    func `a model may be named by its AIR id`(_ model: RemixModel) async throws {
        try await House.with { house in
            let answer = try await house.remix(["model": .string(model.air)])
            #expect(answer["model"]?.stringValue == model.rawValue)
        }
    }

    @Test func `every parameter of a model reaches a provider and is reported`() async throws {
        try await House.with { house in
            for provider in ["runware", "ideogram"] {
                let answer = try await house.remix([
                    "model": "ideogram-3.0", "strength": 0, "width": 1024, "height": 1024, "rendering_speed": "turbo",
                    "negative_prompt": "rain", "magic_prompt": "off", "style_preset": "WATERCOLOR", "seed": 7,
                    "policy": .string("only-\(provider)"), "project": "spring", "tags": ["campaign": "harbour"],
                ])
                #expect(answer.status == 200, "\(String(decoding: answer.body.prefix(500), as: UTF8.self))")
                let entries = try #require(answer["translation"]?.arrayValue)
                let named = Set(entries.compactMap { $0["parameter"]?.stringValue })
                #expect(
                    named.isSuperset(of: [
                        "prompt", "strength", "negative_prompt", "magic_prompt", "style_preset", "seed",
                    ])
                )
                let kept = try await house.call(answer.id)
                #expect(kept["project"] == "spring")
                #expect(kept["tags"] == ["campaign": "harbour"])
            }
        }
    }
}
