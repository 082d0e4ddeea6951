import EaselBase
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation
import TestKit
import Testing

/// What is on record can be read: calls with filters and a cursor, reports that agree with the providers' own books.
struct RecordTests {
    @Test func `reports agree with the providers' own books`() async throws {
        var plan = House.Plan()
        plan.sandbox.faults = [
            FaultRule(provider: .runware, timing: .every(4), kind: .status(503)),
            FaultRule(provider: .ideogram, timing: .every(5), kind: .status(500)),
        ]
        try await House.with(plan) { house in
            let design = try await house.key(team: "design")
            let finance = try await house.key(team: "finance", ["project": "books"])
            var images = 0
            for number in 0..<18 {
                let answer = try await house.remix(
                    [
                        "model": .string(RemixModel.allCases[number % 3].rawValue),
                        "rendering_speed": .string(["turbo", "default", "quality"][number / 3 % 3]),
                        "count": .number(Decimal(number % 4 + 1)),
                        "policy": number % 2 == 0 ? "standard" : "only-ideogram",
                    ],
                    key: number % 3 == 0 ? finance.key : design.key
                )
                images += answer.images.count
            }
            let books = house.sandbox.billing
            let report = try await house.get("/v1/reports/usage?group_by=team,provider")
            #expect(report["totals"]?["cost_usd"]?.stringValue == books.total.usd)
            #expect(report["totals"]?["calls"]?.intValue == 18)
            #expect(report["totals"]?["images"]?.intValue == images)
            #expect(books.entries.reduce(0) { $0 + $1.images } == images)
            for provider in [ProviderKind.runware, .ideogram] {
                let rows = (report["rows"]?.arrayValue ?? []).filter {
                    $0["provider"]?.stringValue == provider.rawValue
                }
                let cost = rows.compactMap { $0["cost_usd"]?.stringValue }.compactMap { Money(usd: $0) }
                let billed = books.entries.filter { $0.provider == provider }.reduce(Money.zero) { $0 + $1.cost }
                #expect(cost.reduce(.zero, +) == billed, "\(provider)")
            }
            let quality = try #require(report["data_quality"])
            #expect(quality["unknown_attempts"] == 0)
            #expect(quality["unpriced_attempts"] == 0)
            // Each team sees its own part, and the parts are the whole.
            var parts = Money.zero
            for key in [design.key, finance.key] {
                let own = try await house.get("/v1/reports/usage", key: key)
                parts += try #require(Money(usd: own["totals"]?["cost_usd"]?.stringValue ?? ""))
            }
            #expect(parts == books.total)
            let byProject = try await house.get("/v1/reports/usage?group_by=project")
            #expect((byProject["rows"]?.arrayValue ?? []).contains { $0["project"] == "books" })
            let providers = try await house.get("/v1/providers")
            let spent = (providers["providers"]?.arrayValue ?? [])
                .compactMap { $0["spend_today_usd"]?.stringValue }.compactMap { Money(usd: $0) }
            #expect(spent.reduce(.zero, +) == books.total)
        }
    }

    @Test func `lists are filtered and go on where they stopped`() async throws {
        try await House.with { house in
            let design = try await house.key(team: "design")
            var ids: [String] = []
            for number in 0..<7 {
                var more: [String: JSONValue] = ["policy": number % 2 == 0 ? "only-runware" : "only-ideogram"]
                if number == 3 { more["prompt"] = "a quiet harbour sandbox:refuse" }
                if number == 4 { more.merge(["prompt": "a harbour sandbox:unsafe", "safety_check": true]) { $1 } }
                ids.append(try await house.remix(more, key: number < 5 ? design.key : House.adminKey).id)
            }
            func list(_ query: String, key: String = House.adminKey) async throws -> [String] {
                let answer = try await house.get("/v1/calls?\(query)", key: key)
                #expect(answer.status == 200, "\(query)")
                return (answer["calls"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
            }
            let newest = Array(ids.reversed())
            #expect(try await list("") == newest)
            #expect(try await list("", key: design.key) == Array(ids.prefix(5).reversed()))
            #expect(try await list("team=design") == Array(ids.prefix(5).reversed()))
            #expect(try await list("team=operators") == [ids[6], ids[5]])
            #expect(try await list("status=refused").contains(ids[3]))
            #expect(try await list("provider=ideogram") == [ids[5], ids[1]])
            #expect(try await list("nsfw=true") == [ids[4]])
            // A check that was dropped is none: the answer, the record and the report agree.
            let dropped = try await house.remix(
                ["policy": "only-runware", "model": "ideogram-1.0", "copyright_detection": true],
                key: design.key
            )
            #expect(dropped.status == 200 && dropped["images"]?.arrayValue?.first?["copyright"] == "not_requested")
            let told = dropped["translation"]?.arrayValue?.first { $0["parameter"] == "copyright_detection" }
            #expect(told?["action"] == "dropped")
            #expect(try await house.call(dropped.id)["images"]?.arrayValue?.first?["copyright"] == "not_requested")
            let usage = try await house.get("/v1/reports/usage?group_by=model&team=design")
            #expect(usage["totals"]?["copyright_checked"] == 0 && usage["totals"]?["copyright_undetermined"] == 0)
            ids.append(dropped.id)
            let all = Array(ids.reversed())
            #expect(try await list("since=1h") == all)
            #expect(try await list("until=1h").isEmpty)
            #expect(try await list("copyright=flagged").isEmpty)
            #expect(try await list("copyright=not_requested").contains(ids[0]))
            // Page by page.
            var found: [String] = []
            var cursor: String?
            var pages = 0
            repeat {
                let next = cursor.map { "&cursor=\($0)" } ?? ""
                let answer = try await house.get("/v1/calls?limit=3\(next)")
                found += (answer["calls"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
                cursor = answer["next_cursor"]?.stringValue
                pages += 1
            } while cursor != nil && pages < 10
            #expect(found == all)
        }
    }

    @Test func `a call that is not waited for is found where the answer says`() async throws {
        var plan = House.Plan()
        plan.sandbox.latency = .milliseconds(300) ... .milliseconds(300)
        try await House.with(plan) { house in
            let accepted = try await house.remix(fields: [("Prefer", "respond-async")])
            #expect(accepted.status == 202)
            #expect(accepted["status"] == "in_progress")
            let location = try #require(accepted.fields["Location"])
            let standing = try await house.get(location)
            #expect(standing.status == 200)
            #expect(standing["id"]?.stringValue == accepted.id)
            let settled = try await house.settled(accepted.id)
            #expect(settled["status"] == "succeeded")
            #expect(settled["cost_usd"]?.stringValue == house.sandbox.billing.total.usd)
            let bytes = try await house.bytes(of: try #require(settled.images.first))
            #expect(SampleImage.format(of: bytes) == .jpg)
        }
    }

    @Test func `a revoked key ends at once, and keys are shown once`() async throws {
        try await House.with { house in
            let made = try await house.key(team: "design", ["requests_per_minute": 600])
            #expect(made.key.hasPrefix("esl_") && made.key.count > 24)
            #expect(try await house.remix(key: made.key).status == 200)
            let listed = try await house.get("/v1/keys?team=design")
            #expect(!String(decoding: listed.body, as: UTF8.self).contains(made.key))
            #expect(try await house.send("DELETE", "/v1/keys/\(made.id)").status == 204)
            #expect(try await house.remix(key: made.key).status == 401)
            #expect(try await house.send("DELETE", "/v1/keys/\(UUID().text)").status == 404)
            #expect(house.submissions() == 1)
        }
    }

    @Test func `a key's limits are kept`() async throws {
        try await House.with { house in
            let key = try await house.key(team: "design", ["requests_per_minute": 2]).key
            #expect(try await house.remix(key: key).status == 200)
            #expect(try await house.remix(key: key).status == 200)
            let refused = try await house.remix(key: key)
            #expect(refused.status == 429)
            #expect(refused.code == "rate_limited")
            #expect(refused.fields["Retry-After"].flatMap { Int($0) } ?? 0 >= 1)
        }
    }

    @Test func `a plan is explained and nothing is sent`() async throws {
        try await House.with { house in
            let answer = try await house.post("/v1/route/explain", .object(House.request(["count": 4])))
            #expect(answer.status == 200)
            let candidates = answer["plan"]?["candidates"]?.arrayValue ?? []
            #expect(candidates.map { $0["provider"] } == ["runware", "ideogram"])
            #expect(candidates.map { $0["bound_usd"] } == ["0.24", "0.24"])
            #expect(house.submissions() == 0)
        }
    }

    @Test func `downloads go without a key`() async throws {
        try await House.with { house in
            for policy in ["only-runware", "only-ideogram"] {
                let answer = try await house.remix(["policy": .string(policy), "output": ["type": "url"]])
                #expect(answer.status == 200)
            }
            let downloads = house.sandbox.journal.last.filter { $0.method == "GET" && $0.path.contains("image") }
            #expect(downloads.count >= 2)
            #expect(downloads.allSatisfy { !$0.hadCredentials }, "S2")
        }
    }
}
