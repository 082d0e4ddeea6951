import EaselBase
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation
import TestKit
import Testing

/// The log is compared with what the providers' own books say, through the interfaces that they document.
struct ReconciliationTests {
    private static let today: JSONValue = ["provider": "runware", "from": "today"]

    private func compare(
        _ house: House,
        _ provider: String = "runware",
        _ more: [String: JSONValue] = [:]
    ) async throws -> (answer: Answer, kept: Reconciliation) {
        let body: [String: JSONValue] = ["provider": .string(provider), "from": "1d"]
        let answer = try await house.post("/v1/reconciliations", .object(body.merging(more) { $1 }))
        #expect(answer.status == 201, "\(String(decoding: answer.body.prefix(900), as: UTF8.self))")
        return (answer, try JSON.decode(Reconciliation.self, from: answer.body))
    }

    private func charge(_ house: House, _ model: String, _ usd: String, _ provider: ProviderKind = .runware) throws {
        house.sandbox.billing.charge(
            BillingEntry(
                provider: provider,
                account: "sandbox-key",
                model: model,
                taskID: UUID().text,
                images: 1,
                cost: try #require(Money(usd: usd)),
                at: TimeSource.system.now
            )
        )
    }

    @Test func `figures that agree are equal at both providers, and reports show them as reconciled`() async throws {
        try await House.with { house in
            for number in 0..<6 {
                let answer = try await house.remix([
                    "model": .string(RemixModel.allCases[number % 3].rawValue),
                    "count": .number(Decimal(number % 2 + 1)),
                    "rendering_speed": number < 3 ? "turbo" : "default",
                    "policy": number % 2 == 0 ? "only-runware" : "only-ideogram",
                ])
                #expect(answer.status == 200)
            }
            var total = Money.zero
            for provider in [ProviderKind.runware, .ideogram] {
                let (answer, kept) = try await compare(house, provider.rawValue)
                let books = house.sandbox.billing.entries.filter { $0.provider == provider }
                #expect(!kept.rows.isEmpty && kept.rows.allSatisfy { $0.status == .equal }, "\(kept)")
                #expect(kept.totals.provider == books.reduce(.zero) { $0 + $1.cost })
                #expect(kept.foreign.isEmpty && kept.remarks.isEmpty)
                total += kept.totals.log
                let shown = try await house.get(answer.fields["Location"] ?? "")
                #expect(shown.status == 200 && shown.json == answer.json)
            }
            let report = try await house.get("/v1/reports/usage?group_by=provider")
            #expect(report["totals"]?["reconciled_usd"]?.stringValue == total.usd)
            #expect(report["totals"]?["cost_usd"]?.stringValue == total.usd)
            let rows = report["rows"]?.arrayValue ?? []
            #expect(rows.first { $0["provider"] == "ideogram" }?["provider_usd"] == "0", "from the price book")
            #expect(rows.first { $0["provider"] == "runware" }?["estimated_usd"] == "0")
            let list = try await house.get("/v1/reconciliations")
            #expect(list["reconciliations"]?.arrayValue?.map { $0["provider"] } == ["ideogram", "runware"])
            #expect(
                try await house.get("/v1/reconciliations?provider=runware&limit=1").json["reconciliations"]?.arrayValue?
                    .count == 1
            )
        }
    }

    @Test func `a provider that charges more is unexplained, and other usage is foreign`() async throws {
        try await House.with { house in
            #expect(try await house.remix(["policy": "only-runware"]).status == 200)
            try charge(house, "ideogram:4@remix", "0.01")
            try charge(house, "bfl:2@1", "0.25")
            let kept = try await compare(house).kept
            #expect(kept.rows.map(\.status) == [.unexplained] && kept.rows.first?.unexplained?.usd == "0.01")
            #expect(kept.foreign == [ForeignUsage(name: "bfl:2@1", requests: 1, cost: Money(usd: "0.25"))])
            let report = try await house.get("/v1/reports/usage")
            #expect(report["totals"]?["reconciled_usd"] == "0")
            // A model that Easel asks for and has nothing of in its log is no other usage.
            try charge(house, "ideogram:4@2", "0.06")
            let again = try await compare(house).kept
            #expect(again.rows.count == 2 && again.rows.allSatisfy { $0.status == .unexplained })
        }
    }

    @Test func `an attempt whose end is not known explains what the provider has for it`() async throws {
        var plan = House.Plan()
        plan.sandbox.faults = [FaultRule(provider: .ideogram, timing: .first(1), kind: .resetAfterExecuting)]
        try await House.with(plan) { house in
            let lost = try await house.remix(["policy": "only-ideogram"])
            #expect(lost.status != 200 && lost.attempts.first?["outcome"] == "unknown")
            #expect(try await house.remix(["policy": "only-ideogram"]).status == 200)
            let kept = try await compare(house, "ideogram").kept
            let row = try #require(kept.rows.first)
            #expect(row.status == .explained && row.difference?.usd == "0.06" && row.log.usd == "0.06")
            #expect(row.explanations.map(\.kind) == [.unknown])
            #expect(row.explanations.first?.attempts.map(\.callID.text) == [lost.id])
        }
    }

    @Test func `estimates explain that a provider charged less, never that it charged more`() async throws {
        try await House.with { house in
            for _ in 0..<2 { #expect(try await house.remix(["policy": "only-ideogram"]).status == 200) }
            let day = CivilDay(of: TimeSource.system.now).description
            func rows(_ usd: String) -> [String: JSONValue] {
                [
                    "rows": [["day": .string(day), "model": "ideogram-4.0", "images": 2, "cost_usd": .string(usd)]],
                    "source": "invoice.csv",
                ]
            }
            let less = try await compare(house, "ideogram", rows("0.1")).kept
            #expect(less.source == "invoice.csv" && less.rows.map(\.status) == [.explained])
            #expect(less.rows.first?.explanations.first?.kind == .estimated)
            #expect(less.rows.first?.explanations.first?.attempts.count == 2)
            let more = try await compare(house, "ideogram", rows("0.13")).kept
            #expect(more.rows.map(\.status) == [.unexplained] && more.rows.first?.unexplained?.usd == "0.01")
            let same = try await compare(house, "ideogram", rows("0.12")).kept
            #expect(same.rows.map(\.status) == [.equal] && same.rows.first?.providerImages == 2)
        }
    }

    @Test func `a key that is no admin's at Ideogram is told of the invoice`() async throws {
        var plan = House.Plan()
        plan.sandbox.ideogramAdminKeys = []
        try await House.with(plan) { house in
            let answer = try await house.post("/v1/reconciliations", ["provider": "ideogram"])
            #expect(answer.status == 400 && answer.faults == ["rows"])
            #expect(String(decoding: answer.body, as: UTF8.self).contains("--csv"))
            #expect(try await compare(house, "ideogram", ["rows": []]).kept.rows.isEmpty)
        }
    }

    @Test func `a provider that cannot be asked changes nothing`() async throws {
        var plan = House.Plan()
        plan.runware.baseURL = "http://127.0.0.1:1/v1"
        try await House.with(plan) { house in
            let answer = try await house.post("/v1/reconciliations", ["provider": "runware"])
            #expect(answer.status == 502 && answer.code == "providers_failed")
            #expect(try await house.get("/v1/reconciliations")["reconciliations"] == [])
        }
    }

    @Test func `every fault of a request is named at once, and nothing is kept`() async throws {
        try await House.with { house in
            let cases: [(body: JSONValue, faults: [String])] = [
                ([:], ["provider"]),
                (["provider": "telegraph", "from": "2026-11-21", "to": "2026-11-01"], ["provider", "from"]),
                (["provider": "runware", "from": "2026-01-01", "to": "2026-11-01", "source": ""], ["from", "source"]),
                (["provider": 1, "from": 7, "to": "soon"], ["provider", "from"]),
                (["provider": "runware", "colour": "red"], ["colour"]),
                (["provider": "runware", "rows": "many"], ["rows"]),
                (
                    [
                        "provider": "runware",
                        "rows": [
                            ["day": "2026-11-20", "cost_usd": "-0.06"], ["day": "2026-11-20", "cost_usd": "NaN"],
                            ["day": "2026-11-20", "cost_usd": "1e3"],
                            ["day": "2026-13-20", "cost_usd": "0.0000000001"],
                            ["day": "2026-11-20", "cost_usd": 1], ["day": "2026-11-20", "cost_usd": "1", "images": -1],
                            ["cost_usd": "1", "model": "", "colour": 1], 7,
                        ],
                    ],
                    [
                        "rows[0].cost_usd", "rows[1].cost_usd", "rows[2].cost_usd", "rows[3].day", "rows[3].cost_usd",
                        "rows[4].cost_usd", "rows[5].images", "rows[6].colour", "rows[6].day", "rows[6].model",
                        "rows[7]",
                    ]
                ),
            ]
            for (body, faults) in cases {
                let answer = try await house.post("/v1/reconciliations", body)
                #expect(answer.status == 400 && answer.faults == faults, "\(body): \(answer.faults)")
            }
            #expect(try await house.get("/v1/reconciliations")["reconciliations"] == [])
            for path in [
                "/v1/reconciliations?limit=0", "/v1/reconciliations?limit=x", "/v1/reconciliations?colour=red",
            ] {
                #expect(try await house.get(path).status == 400, "\(path)")
            }
            for path in ["/v1/reconciliations/nonsense", "/v1/reconciliations/\(UUID().text)"] {
                #expect(try await house.get(path).status == 404)
            }
            #expect(try await house.send("DELETE", "/v1/reconciliations").status == 405)
            let member = try await house.key(team: "design").key
            #expect(try await house.post("/v1/reconciliations", Self.today, key: member).status == 403)
            #expect(try await house.get("/v1/reconciliations", key: member).status == 403)
            #expect(try await house.post("/v1/reconciliations", Self.today, key: nil).status == 401)
        }
    }
}

/// The same at the command line.
@Suite(.enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct ReconcileCommandTests {
    @Test(.timeLimit(.minutes(5)))
    func `a comparison is made, checked, listed and shown`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let environment = ["EASEL_URL": served.url, "EASEL_API_KEY": ProgramHouse.adminKey, "LC_ALL": "C.UTF-8"]
            func easel(_ arguments: String...) async throws -> Program.Outcome {
                try await Program.run(arguments, environment: environment)
            }
            let source = house.directory + "/harbour.png"
            try Data(SampleImage.bytes()).write(to: URL(fileURLWithPath: source))
            let out = house.directory + "/out"
            #expect(try await easel("remix", source, "-p", "a quiet harbour", "-o", out).status == 0)
            let compared = try await easel("reconcile", "--provider", "runware", "--since", "1d", "--check")
            #expect(compared.status == 0, "\(compared.errors)")
            #expect(compared.output.contains("│ Day") && compared.output.contains("1 equal"), "\(compared.output)")
            let invoice = house.directory + "/invoice.csv"
            let day = CivilDay(of: TimeSource.system.now)
            try Data("date,model,amount\n\(day),ideogram-4.0,0.07\n".utf8).write(to: URL(fileURLWithPath: invoice))
            let command = ["reconcile", "--provider", "runware", "--since", "1d", "--csv", invoice]
            let unchecked = try await Program.run(command, environment: environment)
            #expect(unchecked.status == 0 && unchecked.output.contains("unexplained"))
            let checked = try await Program.run(command + ["--check", "--json"], environment: environment)
            #expect(checked.status == 5 && checked.errors.contains("not explained"))
            let kept = try JSON.decode(Reconciliation.self, from: Array(checked.output.utf8))
            #expect(kept.source == "invoice.csv" && kept.rows.first?.unexplained?.usd == "0.01")
            let listed = try await easel("reconcile", "list", "--csv")
            #expect(listed.output.contains(kept.id.text) && listed.output.split(whereSeparator: \.isNewline).count == 4)
            let shown = try await easel("reconcile", "show", kept.id.text)
            #expect(shown.status == 0 && shown.output.contains(kept.id.text))
            try Data("date,amount\nyesterday,0.07\n\(day),-1\n".utf8).write(to: URL(fileURLWithPath: invoice))
            let faulty = try await Program.run(command, environment: environment)
            #expect(faulty.status == 2 && faulty.errors.contains(":2:") && faulty.errors.contains(":3:"))
            #expect(try await easel("reconcile").status == 2, "needs a provider")
            let help = try await easel("reconcile", "run", "--help")
            #expect(help.status == 0 && help.output.contains("easel reconcile --provider"))
            #expect(await served.terminate() == 0)
        }
    }
}
