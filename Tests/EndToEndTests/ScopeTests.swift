import EaselBase
import EaselCalls
import EaselCore
import EaselGateway
import EaselTransport
import Foundation
import Testing
import TestKit
import TestTools

/// Scopes that cannot be stepped around: projects, keys' limits, links.
@Suite struct ScopeTests {
    private let composed = "caf\u{E9}"
    private let apart = "cafe\u{301}"

    private func put(_ house: House, _ body: JSONValue) async throws -> Answer {
        try await house.send(
            "PUT",
            "/v1/budgets",
            fields: [("Content-Type", "application/json")],
            body: try JSON.encode(body)
        )
    }

    private func patch(_ house: House, _ team: String, _ body: JSONValue) async throws -> Answer {
        try await house.send(
            "PATCH",
            "/v1/teams/\(team)",
            fields: [("Content-Type", "application/json")],
            body: try JSON.encode(body)
        )
    }

    @Test func `a hard budget of a project holds whichever way its name is spelled`() async throws {
        try await House.with { house in
            let key = try await house.key(team: "design").key
            let made = try await put(
                house,
                ["scope": .string("project:design/\(apart)"), "period": "month", "limit_usd": "0.15"]
            )
            #expect(made.status == 200)
            #expect(Array((made["scope"]?.stringValue ?? "").utf8) == Array("project:design/\(composed)".utf8))
            // Six cents each.
            for project in [composed, apart] {
                #expect(
                    try await house.remix(["project": .string(project), "policy": "only-runware"], key: key).status
                        == 200
                )
            }
            for project in [composed, apart] {
                let refused = try await house.remix(["project": .string(project)], key: key)
                #expect(refused.status == 402 && refused.code == "budget_exceeded")
            }
            let stored = try await house.rows("SELECT DISTINCT encode(convert_to(project, 'UTF8'), 'hex') FROM calls")
            #expect(stored == [["636166c3a9"]])
            // Tags by form as well, and one row in a report.
            var form = FormBody()
            for (name, value) in [
                ("model", "ideogram-4.0"), ("prompt", "a quiet harbour"), ("tags.\(apart)", apart),
                ("project", "other"),
            ] { form.add(name, value) }
            form.addFile("image", SampleImage.bytes(), fileName: "source.png", type: "image/png")
            let tagged = try await house.send(
                "POST",
                "/v1/remix",
                key: key,
                fields: [("Content-Type", form.contentType)],
                body: form.body
            )
            #expect(tagged.status == 200)
            let tags = try await house.rows(
                "SELECT encode(convert_to(tags::text, 'UTF8'), 'hex') FROM calls WHERE project = 'other'"
            )
            let document = "{\"\(composed)\": \"\(composed)\"}"
            #expect(tags == [[Hex.encode(Array(document.utf8))]])
        }
    }

    @Test func `a bound key spends for its project only, and a team may list its projects`() async throws {
        try await House.with { house in
            let bound = try await house.key(team: "design", ["project": "spring", "project_bound": true]).key
            let free = try await house.key(team: "design").key
            #expect(try await house.remix(key: bound).status == 200)
            #expect(try await house.remix(["project": "spring"], key: bound).status == 200)
            for path in ["/v1/remix", "/v1/route/explain"] {
                let other = try await house.post(path, .object(House.request(["project": "autumn"])), key: bound)
                #expect(other.status == 403 && other["detail"]?.stringValue?.contains("\"spring\"") == true)
            }
            let keys = try await house.get("/v1/keys?team=design")["keys"]?.arrayValue ?? []
            #expect(keys.map { $0["project_bound"]?.boolValue } == [true, false])
            let unnamed = try await house.post("/v1/keys", ["team": "design", "project_bound": true])
            #expect(unnamed.status == 400)

            #expect(try await house.remix(["project": "autumn"], key: free).status == 200)
            let changed = try await patch(house, "design", ["known_projects": ["spring", .string(apart)]])
            #expect(changed.status == 200 && changed["known_projects"]?.arrayValue?.count == 2)
            #expect(changed["was_known_projects"] == .null)
            for project in [JSONValue.null, "autumn"] {
                let refused = try await house.remix(["project": project], key: free)
                #expect(refused.status == 400 && refused["errors"]?.arrayValue?.first?["parameter"] == "project")
            }
            #expect(try await house.remix(["project": .string(composed)], key: free).status == 200)
            #expect(try await house.remix(key: bound).status == 200)
            let wrong: [JSONValue] = [
                .object(["known_projects": .array([])]), .object(["known_projects": .array([.number(1)])]),
                .object(["known_projects": .array([.string("")])]), .object([:]),
            ]
            for body in wrong {
                let status = try await patch(house, "design", body).status
                #expect(status == 400)
            }
            // What is not named stays as it was.
            #expect(
                try await patch(house, "design", ["allow_unpriced": true])["known_projects"]?.arrayValue?.count == 2
            )
            let open = try await patch(house, "design", ["known_projects": .null])
            #expect(open.status == 200 && open["allow_unpriced"] == true)
            #expect(try await house.remix(key: free).status == 200)
        }
    }

    @Test(arguments: ["explain", "simulate", "report", "figures", "reconcile-nothing"])
    func `what costs as much as a remix counts against a key's limits`(what: String) async throws {
        try await House.with { house in
            let key = try await house.key(team: "design", ["requests_per_minute": 2]).key
            func ask() async throws -> Answer {
                switch what {
                case "explain": try await house.post("/v1/route/explain", .object(House.request()), key: key)
                case "simulate": try await house.post("/v1/route/simulate", ["policy": ["prefer": "cost"]], key: key)
                case "report": try await house.get("/v1/reports/usage", key: key)
                case "figures": try await house.get("/v1/reports/latency", key: key)
                default: try await house.post("/v1/reconciliations", [:], key: key)
                }
            }
            for _ in 0..<2 {
                let status = try await ask().status
                #expect(status == (what == "reconcile-nothing" ? 403 : 200))
            }
            let refused = try await ask()
            #expect(refused.status == 429 && refused.code == "rate_limited")
            #expect(Int(refused.fields["Retry-After"] ?? "") ?? 0 > 0)
            // Of one and the same bucket.
            #expect(try await house.remix(key: key).status == 429)
            // To look at one's calls costs nothing of it.
            #expect(try await house.get("/v1/calls", key: key).status == 200)
        }
    }

    @Test func `links never lead where a caller's own fields point`() async throws {
        var plan = House.Plan()
        plan.calls = { $0.artifacts.store = .local }
        try await House.with(plan) { house in
            let fields = [
                ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"),
            ]
            let answer = try await house.remix(fields: fields)
            #expect(answer.status == 200)
            let link = answer["images"]?.arrayValue?.first?["url"]?.stringValue ?? ""
            #expect(link.hasPrefix(house.url + "/"), "\(link)")
            let again = try await house.send("GET", "/v1/calls/\(answer.id)", fields: fields)
            #expect(again["images"]?.arrayValue?.first?["url"]?.stringValue == link)
        }
        plan.calls = { $0.artifacts.store = .local }
        plan.settings = { $0.trustedProxies = [IPNetwork("127.0.0.0/8")].compactMap(\.self) }
        try await House.with(plan) { house in
            let answer = try await house.remix(
                fields: [("X-Forwarded-Host", "easel.example"), ("X-Forwarded-Proto", "https")]
            )
            let link = answer["images"]?.arrayValue?.first?["url"]?.stringValue ?? ""
            #expect(link.hasPrefix("https://easel.example/"), "\(link)")
        }
    }
}
