import EaselBase
import EaselCore
import Foundation
import Testing

@testable import EaselGateway

/// Whatever somebody changes leaves a line, with the change itself.
@Suite struct AuditTests {
    private func send(_ house: House, _ method: String, _ path: String, _ body: String) async throws -> Answer {
        try await house.send(
            method,
            path,
            fields: [("Content-Type", "application/json")],
            body: Array(body.utf8)
        )
    }

    @Test func `every changing act of an admin is told`() async throws {
        var plan = House.Plan()
        plan.keepsAlerts = true
        plan.settings = { settings in
            settings.alerts = AlertPlan(
                destinations: [AlertPlan.Destination(name: "ops", kind: .webhook)],
                rules: [AlertRule("budgets", .budget, to: ["ops"])]
            )
        }
        try await House.with(plan, verify: false) { house in
            let admin = try await house.key(team: "platform", ["role": "admin"])
            let known = Set(try await house.rows("SELECT event_id FROM audit_events").map { $0[0] })
            func act(_ method: String, _ path: String, _ body: String, _ action: String, _ subject: String) async throws
                -> (Answer, JSONValue)
            {
                let before = try await house.get("/v1/audit?limit=1")["events"]?.arrayValue?.first?["id"]
                let answer = try await house.send(
                    method,
                    path,
                    key: admin.key,
                    fields: [("Content-Type", "application/json")],
                    body: Array(body.utf8)
                )
                #expect(answer.status < 300, "\(method) \(path): \(String(decoding: answer.body, as: UTF8.self))")
                let event = try #require(try await house.get("/v1/audit?limit=1")["events"]?.arrayValue?.first)
                #expect(event["id"] != before, "\(method) \(path) left no line")
                #expect(event["action"]?.stringValue == action)
                #expect(event["subject"]?.stringValue?.hasPrefix(subject) == true, "\(event)")
                #expect(event["actor"]?["key_id"]?.stringValue == admin.id)
                #expect(event["actor"]?["team"]?.stringValue == "platform")
                #expect(SchemaCheck.faults(event, Shapes.auditEvent) == [])
                return (answer, event)
            }
            _ = try await act("POST", "/v1/teams", #"{"name":"design"}"#, "team.create", "team:design")
            let (_, changed) = try await act(
                "PATCH",
                "/v1/teams/design",
                #"{"allow_unpriced":true}"#,
                "team.change",
                "team:design"
            )
            #expect(changed["before"]?["allow_unpriced"] == .bool(false))
            #expect(changed["after"]?["allow_unpriced"] == .bool(true))
            let (key, made) = try await act("POST", "/v1/keys", #"{"team":"design"}"#, "key.create", "key:")
            #expect(made["after"]?["team"]?.stringValue == "design" && made["before"] == .null)
            _ = try await act("DELETE", "/v1/keys/\(key.id)", "{}", "key.revoke", "key:\(key.id)")
            let budget = #"{"scope":"team:design","period":"month","limit_usd":"5"}"#
            let (first, set) = try await act("PUT", "/v1/budgets", budget, "budget.set", "team:design month")
            #expect(set["before"] == .null)
            let (_, lowered) = try await act(
                "PATCH",
                "/v1/budgets",
                #"{"scope":"team:design","limit_usd":"4"}"#,
                "budget.set",
                "team:design month"
            )
            #expect(lowered["before"]?["terms"] != lowered["after"]?["terms"])
            let raise = "/v1/budgets/\(first.id)/raise"
            _ = try await act(
                "POST",
                raise,
                #"{"by_usd":"1","until":"2040-01-01"}"#,
                "budget.raise",
                "team:design month"
            )
            _ = try await act("DELETE", raise, "{}", "budget.end_raise", "team:design month")
            let (_, gone) = try await act(
                "DELETE",
                "/v1/budgets/\(first.id)",
                "{}",
                "budget.remove",
                "team:design month"
            )
            #expect(gone["after"] == .null)
            let prices = #"""
                {"prices":[{"provider":"ideogram","model":"ideogram-4.0","usd_per_image":"0.07","effective_from":"2026-01-01"}]}
                """#
            let (_, priced) = try await act("PUT", "/v1/prices", prices, "prices.set", "")
            #expect(priced["after"]?.arrayValue?.first?["usd_per_image"]?.stringValue == "0.07")
            _ = try await act(
                "POST",
                "/v1/prices/recompute",
                #"{"since":"2026-01-01","apply":true}"#,
                "prices.recompute",
                "since 2026-01-01"
            )
            let (_, redacted) = try await act(
                "POST",
                "/v1/calls/redact",
                #"{"tag_name":"user","tag_value":"a-persons-name"}"#,
                "calls.redact",
                "tag:user"
            )
            #expect(redacted["after"]?["redacted"]?.intValue == 0)
            let (mute, _) = try await act(
                "POST",
                "/v1/alerts/mutes",
                #"{"rule":"budgets","until":"\#((TimeSource.system.now + .seconds(3600)).description)"}"#,
                "alert.mute",
                "rule:budgets"
            )
            _ = try await act("DELETE", "/v1/alerts/mutes/\(mute.id)", "{}", "alert.end_mute", "rule:budgets")
            _ = try await act("POST", "/v1/alerts/replay", #"{"all":true}"#, "alert.replay", "all")
            // Of every action there was one, and no secret is among the lines.
            let told = Set(try await house.rows("SELECT DISTINCT action FROM audit_events").map { $0[0] })
            #expect(told == Set(AuditEvent.Action.allCases.map(\.rawValue)))
            let lines = try await house.rows("SELECT audit_events::text FROM audit_events").map { $0.joined() }.joined()
            for secret in [admin.key, key["key"]?.stringValue ?? "?", House.adminKey, "a-persons-name"] {
                #expect(!lines.contains(secret))
            }
            #expect(!known.isEmpty)
            // What asks, tries or fails leaves none.
            let count = try await house.rows("SELECT count(*) FROM audit_events")
            _ = try await send(house, "PUT", "/v1/budgets?preview=true", budget)
            _ = try await send(house, "POST", "/v1/prices/recompute", #"{"since":"2026-01-01"}"#)
            _ = try await send(house, "DELETE", "/v1/keys/\(key.id)", "{}")
            _ = try await send(house, "POST", "/v1/teams", #"{"name":"design"}"#)
            #expect(try await house.rows("SELECT count(*) FROM audit_events") == count)
            // Page by page nothing is lost.
            var pages: [String] = []
            var cursor: String?
            repeat {
                let page = try await house.get("/v1/audit?limit=4" + (cursor.map { "&cursor=\($0)" } ?? ""))
                pages += (page["events"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
                cursor = page["next_cursor"]?.stringValue
            } while cursor != nil
            #expect(pages.count == Int(count[0][0]) && Set(pages).count == pages.count)
            #expect(try await house.get("/v1/audit?since=2040-01-01")["events"]?.arrayValue == [])
            #expect(try await house.get("/v1/audit", key: admin.key).status == 200)
        }
    }

    @Test func `a preview tells what the change would, and changes nothing`() async throws {
        try await House.with { house in
            let key = try await house.key(team: "design").key
            _ = try await house.remix(key: key)
            let body = #"{"scope":"team:design","period":"month","limit_usd":"0.01"}"#
            let preview = try await send(house, "PUT", "/v1/budgets?preview=true", body)
            #expect(preview.status == 200)
            #expect(SchemaCheck.faults(preview.json, Shapes.budgetPreview) == [])
            #expect(preview["refuses_all"] == .bool(true))
            let team = try #require(preview["teams"]?.arrayValue?.first)
            #expect(preview["teams"]?.arrayValue?.count == 1 && team["team"]?.stringValue == "design")
            #expect(team["keys"]?.intValue == 1 && team["spent_usd"] == preview["budget"]?["spent_usd"])
            #expect(try await house.get("/v1/budgets")["budgets"]?.arrayValue == [])
            #expect(try await house.remix(key: key).status == 200)
            let set = try await send(house, "PUT", "/v1/budgets?preview=false", body)
            #expect(set.status == 200 && set["preview"] == nil)
            #expect(try await house.remix(key: key).code == "budget_exceeded")
            let lifted = try await send(
                house,
                "PATCH",
                "/v1/budgets?preview=true",
                #"{"scope":"team:design","limit_usd":"9"}"#
            )
            #expect(
                lifted["budget"]?["was"]?["limit_usd"]?.stringValue == "0.01" && lifted["refuses_all"] == .bool(false)
            )
            #expect(try await house.remix(key: key).code == "budget_exceeded")
            #expect(try await send(house, "PUT", "/v1/budgets?preview=maybe", body).faults == ["preview"])
            #expect(
                try await send(
                    house,
                    "PUT",
                    "/v1/budgets?preview=true",
                    #"{"scope":"team:nobody","period":"day","limit_usd":"1"}"#
                ).status == 400
            )
        }
    }
}
