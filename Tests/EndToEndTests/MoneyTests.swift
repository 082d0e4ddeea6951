import EaselBase
import EaselCore
import EaselGateway
import EaselLedger
import EaselSandbox
import Foundation
import TestKit
import Testing

/// Prices and budgets through the HTTP interface, as operators and callers meet them.
@Suite struct MoneyTests {
    private func setBudget(_ house: House, _ body: JSONValue) async throws -> Answer {
        try await house.send(
            "PUT",
            "/v1/budgets",
            fields: [("Content-Type", "application/json")],
            body: try JSON.encode(body)
        )
    }

    private func put(_ house: House, _ path: String, _ body: JSONValue) async throws -> Answer {
        try await house.send("PUT", path, fields: [("Content-Type", "application/json")], body: try JSON.encode(body))
    }

    /// The sandbox charges six cents: a cap of $1.50 takes exactly 25 calls.
    @Test(.timeLimit(.minutes(5)))
    func `through three gateways on one database exactly those calls pass that fit`() async throws {
        let database = try await PostgresFixture.database()
        var plan = House.Plan()
        plan.connectionString = database
        let gateway = plan
        try await House.with(gateway) { first in
            let second = try await House(gateway)
            let third = try await House(gateway)
            let key = try await first.key(team: "race").key
            let made = try await setBudget(
                first,
                ["scope": "team:race", "period": "month", "limit_usd": "1.50", "hard": true]
            )
            #expect(made.status == 200)
            let houses = [first, second, third]
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for number in 0..<200 {
                    if number >= 50 { _ = try await group.next() }
                    group.addTask { try await houses[number % 3].remix(["policy": "only-runware"], key: key) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            _ = answers
            // The group's first 150 answers were taken by the throttle, so the log is asked.
            let report = try await first.get("/v1/reports/usage?group_by=team&team=race")
            #expect(report["totals"]?["calls"] == 25)
            #expect(report["totals"]?["cost_usd"] == "1.5")
            let budget = try #require(try await first.get("/v1/budgets")["budgets"]?.arrayValue?.first)
            #expect(budget["spent_usd"] == "1.5" && budget["reserved_usd"] == "0" && budget["remaining_usd"] == "0")
            let billed = houses.reduce(Money.zero) { $0 + $1.sandbox.billing.total }
            #expect(billed == Money(usd: "1.5"))
            let refused = try await second.remix(key: key)
            #expect(refused.status == 402 && refused.code == "budget_exceeded")
            for house in [second, third] {
                await house.gateway.shutDown()
                await house.close()
            }
        }
    }

    @Test func `every answer of a race is 200 or 402, and a refusal tells what it is about`() async throws {
        try await House.with { house in
            let key = try await house.key(team: "race").key
            _ = try await setBudget(house, ["scope": "team:race", "period": "day", "limit_usd": "0.30"])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 { group.addTask { try await house.remix(key: key).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 200 } == 5 && statuses.count { $0 == 402 } == 35)
            let refused = try await house.remix(key: key)
            #expect(refused.status == 402)
            let budget = refused["budget"]
            #expect(budget?["scope"] == "team:race" && budget?["limit_usd"] == "0.3" && budget?["remaining_usd"] == "0")
            #expect(budget?["resets_at"]?.stringValue?.hasSuffix("T00:00:00.000Z") == true)
            #expect(
                refused["detail"]?.stringValue?.contains("has $0.00 of $0.30 left, and this needs up to $0.06") == true
            )
            #expect(try await house.inProgress() == [], "a refusal leaves nothing behind")
            let explained = try await house.get("/v1/budgets/\(budget?["id"]?.stringValue ?? "")/explain")
            #expect(explained["groups"]?.arrayValue?.first?["calls"] == 5)
            #expect(explained["calls"]?.arrayValue?.count == 5)
        }
    }

    @Test func `a price set at one gateway holds at the next call of another`() async throws {
        let database = try await PostgresFixture.database()
        var plan = House.Plan()
        plan.connectionString = database
        try await House.with(plan) { [plan] first in
            let second = try await House(plan)
            let key = try await first.key(team: "late").key
            _ = try await setBudget(first, ["scope": "team:late", "period": "total", "limit_usd": "0.10"])
            #expect(try await second.remix(key: key).status == 200)
            let line: JSONValue = [
                "provider": "runware", "model": "ideogram-4.0", "usd_per_image": "0.05", "rendering_speed": "default",
                "effective_from": "2026-01-01",
            ]
            let other: JSONValue = [
                "provider": "ideogram", "model": "ideogram-4.0", "usd_per_image": "0.05", "rendering_speed": "default",
                "effective_from": "2026-01-01",
            ]
            #expect(try await put(first, "/v1/prices", ["prices": [line, other]]).status == 200)
            // $0.04 are left: the new price of five cents does not fit, the second gateway has never heard of it.
            let refused = try await second.remix(key: key)
            #expect(refused.status == 402)
            #expect(refused["detail"]?.stringValue?.contains("up to $0.05") == true)
            let history = try await first.get("/v1/prices/history")
            #expect(history["changes"]?.arrayValue?.count == 2)
            await second.gateway.shutDown()
            await second.close()
        }
    }

    @Test func `bad prices and budgets are refused with every fault, and nothing is changed`() async throws {
        try await House.with { house in
            let before = try await house.get("/v1/prices").body
            func line(_ more: [String: JSONValue]) -> JSONValue {
                let sound: [String: JSONValue] = [
                    "provider": "runware", "model": "ideogram-4.0", "usd_per_image": "0.06",
                    "effective_from": "2026-11-01",
                ]
                return .object(sound.merging(more) { $1 })
            }
            let bad: [(String, JSONValue)] = [
                ("prices[1].usd_per_image", ["prices": [line([:]), line(["usd_per_image": "-1"])]]),
                ("prices[0].usd_per_image", ["prices": [line(["usd_per_image": "NaN"])]]),
                ("prices[0].usd_per_image", ["prices": [line(["usd_per_image": "1e3"])]]),
                ("prices[0].usd_per_image", ["prices": [line(["usd_per_image": .number(0.06)])]]),
                ("prices[0].usd_per_image", ["prices": [line(["usd_per_image": "99999999999999999999"])]]),
                ("prices[0].usd_per_image", ["prices": [line(["usd_per_image": "0.060000000000000000000000000001"])]]),
                ("prices[0].effective_from", ["prices": [line(["effective_from": .null])]]),
                ("prices[0].effective_from", ["prices": [line(["effective_from": "yesterday"])]]),
                ("prices[1].effective_from", ["prices": [line([:]), line([:])]]),
                ("prices[0].provider", ["prices": [line(["provider": "runwre"])]]),
                ("prices[0].model", ["prices": [line(["model": "ideogram-9"])]]),
                ("prices[0].colour", ["prices": [line(["colour": "red"])]]),
                ("prices", ["prices": []]),
                ("prices", [:]),
            ]
            for (parameter, body) in bad {
                let answer = try await put(house, "/v1/prices", body)
                #expect(answer.status == 400 && answer.faults.contains(parameter), "\(body): \(answer.json)")
            }
            #expect(try await house.get("/v1/prices").body == before)
            func budget(_ more: [String: JSONValue]) -> JSONValue {
                let sound: [String: JSONValue] = ["scope": "org", "period": "month", "limit_usd": "10"]
                return .object(sound.merging(more) { $1 })
            }
            let mistakes: [(String, JSONValue)] = [
                ("limit_usd", budget(["limit_usd": "-1"])), ("limit_usd", budget(["limit_usd": "NaN"])),
                ("limit_usd", budget(["limit_usd": "1e9"])), ("limit_usd", budget(["limit_usd": 10])),
                ("limit_usd", budget(["limit_usd": "999999999999"])),
                ("limit_usd", budget(["limit_usd": "1.000000000000000000000000000001"])),
                ("limit_usd", budget(["limit_usd": .null])), ("limit_images", budget(["limit_images": 5])),
                ("scope", budget(["scope": "planet"])), ("scope", budget(["scope": "team:"])),
                ("period", budget(["period": "fortnight"])), ("timezone", budget(["timezone": "Mars/Olympus"])),
                ("warn_at", budget(["warn_at": [0, 200]])), ("warn_at", budget(["warn_at": "80"])),
                ("hard", budget(["hard": "yes"])), ("owner", budget(["owner": "me"])),
            ]
            for (parameter, body) in mistakes {
                let answer = try await setBudget(house, body)
                #expect(answer.status == 400 && answer.faults.contains(parameter), "\(body): \(answer.json)")
            }
            let unknown = try await setBudget(house, budget(["scope": "team:nobody"]))
            #expect(unknown.status == 400)
            #expect(unknown["detail"] == "There is no team named nobody.")
            #expect(try await house.get("/v1/budgets")["budgets"] == [])
            let all = try await setBudget(house, ["scope": "x", "period": "y", "limit_usd": "z"])
            #expect(all.faults == ["scope", "period", "limit_usd"])
        }
    }

    @Test func `members see their own budgets, and change none`() async throws {
        try await House.with { house in
            let mine = try await house.key(team: "mine").key
            _ = try await house.key(team: "theirs")
            for scope in ["org", "team:mine", "team:theirs", "project:mine/spring"] {
                let made = try await setBudget(house, ["scope": .string(scope), "period": "month", "limit_usd": "5"])
                #expect(made.status == 200)
            }
            let seen = try await house.get("/v1/budgets", key: mine)["budgets"]?.arrayValue ?? []
            #expect(Set(seen.compactMap { $0["scope"]?.stringValue }) == ["team:mine", "project:mine/spring"])
            let all = try await house.get("/v1/budgets")["budgets"]?.arrayValue ?? []
            #expect(all.count == 4)
            let theirs = try #require(all.first { $0["scope"] == "team:theirs" }?["id"]?.stringValue)
            #expect(try await house.get("/v1/budgets/\(theirs)/explain", key: mine).status == 404)
            #expect(try await house.send("DELETE", "/v1/budgets/\(theirs)", key: mine).status == 403)
            #expect(try await house.send("DELETE", "/v1/budgets/\(theirs)").status == 204)
            #expect(try await house.send("DELETE", "/v1/budgets/\(theirs)").status == 404)
            let own = try #require(all.first { $0["scope"] == "team:mine" }?["id"]?.stringValue)
            let raised = try await house.post(
                "/v1/budgets/\(own)/raise",
                ["by_usd": "2.5", "until": "2999-01-01"]
            )
            #expect(raised.status == 200 && raised["limit_now_usd"] == "7.5" && raised["limit_usd"] == "5")
            let again = try await house.post("/v1/budgets/\(own)/raise", ["by_usd": "1", "until": "2999-01-01"])
            #expect(again.status == 409)
            let past = try await house.post("/v1/budgets/\(own)/raise", ["by_usd": "1", "until": "2020-01-01"])
            #expect(past.faults == ["until"])
            #expect(try await house.send("DELETE", "/v1/budgets/\(own)/raise")["raise"] == .null)
        }
    }

    @Test func `what has no price is refused where a hard budget applies, unless the team allows it`() async throws {
        try await House.with { house in
            _ = try await house.rows("DELETE FROM prices WHERE provider = 'runware' AND model = 'ideogram-1.0'")
            _ = try await put(
                house,
                "/v1/prices",
                [
                    "prices": [
                        [
                            "provider": "ideogram", "model": "ideogram-3.0", "usd_per_image": "0.06",
                            "effective_from": "2026-01-01",
                        ]
                    ]
                ]
            )
            let key = try await house.key(team: "careful").key
            _ = try await setBudget(house, ["scope": "team:careful", "period": "month", "limit_usd": "10"])
            let unpriced: [String: JSONValue] = ["model": "ideogram-1.0", "policy": "only-runware"]
            let refused = try await house.remix(unpriced, key: key)
            #expect(refused.status == 402 && refused["detail"]?.stringValue?.contains("has no price") == true)
            let either = try await house.remix(["model": "ideogram-1.0"], key: key)
            #expect(either.provider == "ideogram", "the provider that has a price serves it")
            let allowed = try await house.send(
                "PATCH",
                "/v1/teams/careful",
                fields: [("Content-Type", "application/json")],
                body: Array(#"{"allow_unpriced":true}"#.utf8)
            )
            #expect(allowed["allow_unpriced"] == true)
            #expect(try await house.remix(unpriced, key: key).status == 200)
        }
    }

    @Test func `a price without a speed is that of every speed, at the next call and for past ones`() async throws {
        try await House.with { house in
            let key = try await house.key(team: "priced").key
            func price(_ usd: String, from: String, _ more: [String: JSONValue] = [:]) async throws -> [JSONValue] {
                let line: [String: JSONValue] = [
                    "provider": "ideogram", "model": "ideogram-4.0", "usd_per_image": .string(usd),
                    "effective_from": .string(from),
                ]
                let body: JSONValue = ["prices": [.object(line.merging(more) { $1 })]]
                let answer = try await put(house, "/v1/prices", body)
                #expect(answer.status == 200)
                return answer["prices"]?.arrayValue ?? []
            }
            let before = try await house.remix(["policy": "only-ideogram", "rendering_speed": "quality"], key: key)
            #expect(before["cost_usd"] == "0.1", "the line that Easel came with")
            let written = try await price("0.05", from: "2026-01-01")
            #expect(written.count == 1 && written[0]["changed"] == true && written[0]["overridden_by"] == [])
            for speed in ["turbo", "default", "quality"] {
                let call = try await house.remix(
                    ["policy": "only-ideogram", "rendering_speed": .string(speed)],
                    key: key
                )
                #expect(call["cost_usd"] == "0.05", "\(speed)")
            }
            let past = try await house.post("/v1/prices/recompute", ["since": "2026-01-01"])
            #expect(past["totals"]?["attempts"] == 1 && past["totals"]?["difference_usd"] == "-0.05")
            let list = try await house.get("/v1/prices")["prices"]?.arrayValue ?? []
            let ours = list.filter { line in
                line["provider"] == "ideogram" && line["model"] == "ideogram-4.0" && line["in_force"] == true
            }
            #expect(ours.map { $0["usd_per_image"] } == ["0.05"])
            // What does not take effect says what stands before it.
            let shadowed = try await price("0.02", from: "2025-06-01", ["rendering_speed": "turbo"])
            #expect(shadowed[0]["overridden_by"]?.arrayValue?.first?["usd_per_image"] == "0.05")
            // Lines of the same date for one speed follow, and are told.
            _ = try await price("0.03", from: "2026-01-01", ["rendering_speed": "turbo"])
            let all = try await price("0.04", from: "2026-01-01")
            #expect(all.count == 2 && all[1]["named"] == false && all[1]["rendering_speed"] == "turbo")
            let turbo = try await house.remix(["policy": "only-ideogram", "rendering_speed": "turbo"], key: key)
            #expect(turbo["cost_usd"] == "0.04")
            let same = try await price("0.04", from: "2026-01-01")
            #expect(same.count == 1 && same[0]["changed"] == false, "nothing changed, and that is said")
        }
    }

    @Test func `a budget keeps what a change does not name, and tells what it was`() async throws {
        try await House.with { house in
            func patch(_ body: JSONValue) async throws -> Answer {
                try await house.send(
                    "PATCH",
                    "/v1/budgets",
                    fields: [("Content-Type", "application/json")],
                    body: try JSON.encode(body)
                )
            }
            let made = try await setBudget(
                house,
                [
                    "scope": "org", "period": "week", "limit_usd": "100", "hard": false, "warn_at": [70],
                    "timezone": "Europe/Berlin",
                ]
            )
            #expect(made.status == 200 && made["was"] == .null)
            let higher = try await patch(["scope": "org", "limit_usd": "200"])
            #expect(higher.status == 200 && higher["limit_usd"] == "200" && higher["hard"] == false)
            #expect(higher["warn_at"] == [70] && higher["timezone"] == "Europe/Berlin" && higher["period"] == "week")
            #expect(higher["was"]?["limit_usd"] == "100" && higher["id"] == made["id"])
            #expect(higher["terms_were"] == "$100.00, soft, warned at 70%, calendar of Europe/Berlin")
            let hard = try await patch(["scope": "org", "hard": true])
            #expect(hard["hard"] == true && hard["limit_usd"] == "200" && hard["warn_at"] == [70])
            // PUT says the whole budget, as it always did, and tells what it replaced.
            let whole = try await setBudget(house, ["scope": "org", "period": "week", "limit_usd": "50"])
            #expect(whole["hard"] == true && whole["timezone"] == "UTC" && whole["warn_at"] == [50, 80, 100])
            #expect(whole["was"]?["timezone"] == "Europe/Berlin" && whole["was"]?["warn_at"] == [70])
            _ = try await setBudget(house, ["scope": "org", "period": "day", "limit_usd": "5"])
            let unclear = try await patch(["scope": "org", "limit_usd": "6"])
            #expect(unclear.status == 400 && unclear["detail"]?.stringValue?.contains("several budgets") == true)
            #expect(try await patch(["scope": "org", "period": "day", "limit_usd": "6"])["limit_usd"] == "6")
            #expect(try await patch(["scope": "org", "period": "total", "hard": true]).status == 400)
            #expect(try await house.send("POST", "/v1/budgets").status == 405)
        }
    }

    @Test func `what an invoice confirmed stays, unless it is meant, and a new price is no overcharge`() async throws {
        try await House.with { house in
            let key = try await house.key(team: "billed").key
            let calls = [
                try await house.remix(["policy": "only-ideogram"], key: key),
                try await house.remix(["policy": "only-ideogram"], key: key),
            ]
            // One of the two has been compared with an invoice.
            try await house.rows(
                "UPDATE attempts SET reconciliation_id = gen_random_uuid() WHERE call_id = '\(calls[0].id)'"
            )
            _ = try await put(
                house,
                "/v1/prices",
                [
                    "prices": [
                        [
                            "provider": "ideogram", "model": "ideogram-4.0", "usd_per_image": "0.09",
                            "effective_from": "2026-01-01",
                        ]
                    ]
                ]
            )
            let dry = try await house.post("/v1/prices/recompute", ["since": "2026-01-01"])
            #expect(dry["totals"]?["attempts"] == 1 && dry["reconciled"]?["attempts"] == 1)
            #expect(dry["reconciled"]?["difference_usd"] == "0.03" && dry["includes_reconciled"] == false)
            _ = try await house.post("/v1/prices/recompute", ["since": "2026-01-01", "apply": true])
            #expect(try await house.call(calls[0].id)["cost_usd"] == "0.06", "what an invoice confirmed")
            #expect(try await house.call(calls[1].id)["cost_usd"] == "0.09")
            let marks = "SELECT count(*) FROM attempts WHERE reconciliation_id IS NOT NULL"
            #expect(try await house.rows(marks) == [["1"]])
            #expect(try await house.database.overcharges(since: Timestamp(microseconds: 0), teamID: nil).isEmpty)
            let wished: JSONValue = ["since": "2026-01-01", "apply": true, "reconciled": true]
            let done = try await house.post("/v1/prices/recompute", wished)
            #expect(done["totals"]?["attempts"] == 1 && done["reconciled"]?["attempts"] == 1)
            #expect(try await house.call(calls[0].id)["cost_usd"] == "0.09")
            #expect(try await house.rows(marks) == [["0"]])
        }
    }

    @Test func `a changed price is applied to past estimates, and nothing else moves`() async throws {
        try await House.with { house in
            let key = try await house.key(team: "past").key
            _ = try await setBudget(house, ["scope": "team:past", "period": "month", "limit_usd": "100"])
            let estimated = try await house.remix(["policy": "only-ideogram"], key: key)
            let confirmed = try await house.remix(["policy": "only-runware"], key: key)
            #expect(estimated["cost_basis"] == "price_book" && confirmed["cost_basis"] == "provider")
            for name in ["ideogram", "runware"] {
                _ = try await put(
                    house,
                    "/v1/prices",
                    [
                        "prices": [
                            [
                                "provider": .string(name), "model": "ideogram-4.0", "usd_per_image": "0.08",
                                "rendering_speed": "default", "effective_from": "2026-01-01",
                            ]
                        ]
                    ]
                )
            }
            let dry = try await house.post("/v1/prices/recompute", ["since": "2026-01-01"])
            #expect(dry["applied"] == false && dry["totals"]?["attempts"] == 1)
            #expect(dry["totals"]?["difference_usd"] == "0.02")
            #expect(try await house.call(estimated.id)["cost_usd"] == "0.06", "a dry run changes nothing")
            let done = try await house.post("/v1/prices/recompute", ["since": "2026-01-01", "apply": true])
            #expect(done["applied"] == true && done["totals"]?["after_usd"] == "0.08")
            #expect(try await house.call(estimated.id)["cost_usd"] == "0.08")
            #expect(try await house.call(confirmed.id)["cost_usd"] == "0.06", "a provider's word stands")
            let budget = try await house.get("/v1/budgets")["budgets"]?.arrayValue?.first
            #expect(budget?["spent_usd"] == "0.14" && budget?["unreserved_usd"] == "0.02")
            let again = try await house.post("/v1/prices/recompute", ["since": "2026-01-01", "apply": true])
            #expect(again["totals"]?["attempts"] == 0)
            #expect(try await house.post("/v1/prices/recompute", ["apply": true]).faults == ["since"])
        }
    }
}
