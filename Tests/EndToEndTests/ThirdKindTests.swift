import EaselBase
import EaselConfiguration
import EaselCore
import EaselProviders
import EaselSandbox
import Testing
import ThirdKind

/// A kind that no room of Easel names: its folder (Tests/ThirdKind), and two names in lists.
struct ThirdKindTests {
    private static let registry = ProviderRegistry(
        ProviderRegistry.standard.registrations + [PostcardProvider.registration]
    )

    private static func plan(_ order: [String]) -> House.Plan {
        var plan = House.Plan()
        plan.registry = registry
        plan.simulated = Sandbox.standard + [PostcardService.simulation]
        plan.order = order
        return plan
    }

    /// What the price list of a migration would have.
    private static func price(_ house: House) async throws {
        let line: JSONValue = [
            "provider": "postcard", "model": "ideogram-4.0", "usd_per_image": "0.02", "effective_from": "2026-01-01",
        ]
        let answer = try await house.send(
            "PUT",
            "/v1/prices",
            fields: [("Content-Type", "application/json")],
            body: try JSON.encode(["prices": [line]] as JSONValue)
        )
        #expect(answer.status == 200, "\(answer.json)")
    }

    @Test func `it takes over from another, and its attempt is logged and priced by the book`() async throws {
        var plan = Self.plan(["runware", "postcard"])
        plan.sandbox.faults = [FaultRule(provider: .runware, kind: .status(503))]
        try await House.with(plan) { house in
            try await Self.price(house)
            let answer = try await house.remix(["count": 2])
            #expect(answer.status == 200 && answer.provider == "postcard" && answer.images.count == 2, "\(answer.json)")
            let kept = try await house.settled(answer.id)
            #expect(kept["failover"] == true && kept["cost_usd"] == "0.04")
            let row = try #require(kept.attempts.last)
            #expect(row["provider"] == "postcard" && row["outcome"] == "succeeded" && row["cost_usd"] == "0.04")
            #expect(row["cost_basis"] == "price_book")
            #expect(house.sandbox.billing.total == Money(usd: "0.04"))
        }
    }

    @Test func `another takes over from it`() async throws {
        var plan = Self.plan(["postcard", "ideogram"])
        plan.sandbox.faults = [FaultRule(provider: .postcard, kind: .status(503))]
        try await House.with(plan) { house in
            try await Self.price(house)
            let answer = try await house.remix()
            #expect(answer.status == 200 && answer.provider == "ideogram", "\(answer.json)")
            let first = try #require(answer.attempts.first)
            #expect(first["provider"] == "postcard" && first["outcome"] == "failed" && first["cost_usd"] == "0")
            let report = try await house.get("/v1/reports/usage?group_by=provider")
            let providers = try await house.get("/v1/providers")["providers"]?.arrayValue ?? []
            #expect(report.status == 200 && providers.contains { $0["kind"] == "postcard" })
        }
    }

    @Test func `configuration, example and rules of misbehaviour follow from the registration`() throws {
        let profiles = Self.registry.profiles
        let configuration = try Configuration.parse(
            text: "providers: { cards: { kind: postcard, api_key: secret-key } }\n",
            file: "easel.yaml",
            environment: [:],
            kinds: profiles
        )
        let provider = try #require(configuration.providers.first)
        #expect(provider.kind == .postcard && provider.baseURL == "https://api.postcard.example")
        #expect(provider.maxInFlight == 4 && provider.delivery == .sync)
        let printed = configuration.redactedDescription
        #expect(printed.contains("kind: postcard") && !printed.contains("secret-key"))
        let example = Configuration.example(kinds: profiles)
        #expect(example.contains("    api_key: ${POSTCARD_API_KEY} "))
        let sound = try Configuration.parse(
            text: example,
            file: "example",
            environment: ["RUNWARE_API_KEY": "a", "IDEOGRAM_API_KEY": "b", "POSTCARD_API_KEY": "c"],
            kinds: profiles
        )
        #expect(sound.providers.map(\.kind) == [.runware, .ideogram, .postcard])
        let others = Array(profiles.reversed().prefix(2))
        let pair = try Configuration.parse(
            text: Configuration.example(kinds: others),
            file: "example",
            environment: ["IDEOGRAM_API_KEY": "b", "POSTCARD_API_KEY": "c"],
            kinds: others
        )
        #expect(pair.providers.map(\.kind) == [.postcard, .ideogram])
        let rule = try FaultRule(["provider": "postcard", "kind": "garbage"], providers: [.runware, .postcard])
        #expect(rule.provider == .postcard)
        #expect(throws: FaultRuleError.self) {
            try FaultRule(["provider": "postcard", "kind": "garbage"], providers: [.runware])
        }
    }
}
