import EaselBase
import EaselCore
import EaselSandbox
import Foundation
import Testing

/// The providers' own usage figures, as strictly as their pages describe them.
struct UsageEndpointTests {
    private func charge(_ bench: Bench, _ model: String, _ provider: ProviderKind, at text: String) throws {
        bench.sandbox.billing.charge(
            BillingEntry(
                provider: provider,
                account: Bench.key,
                model: model,
                taskID: UUID().uuidString,
                images: 2,
                cost: Money(nanodollars: 120_000_000),
                at: try #require(Timestamp(text))
            )
        )
    }

    private func activity(_ more: [String: JSONValue]) -> JSONValue {
        let task: [String: JSONValue] = [
            "taskType": "accountManagement", "taskUUID": .string(Samples.uuid()), "operation": "getUsageActivity",
            "startDate": "2026-11-20", "endDate": "2026-11-21",
        ]
        return .object(task.merging(more) { $1 })
    }

    @Test func `Runware's activity honours models, groups and the time zone`() async throws {
        try await withSandbox { bench in
            try charge(bench, "ideogram:4@2", .runware, at: "2026-11-20T23:30:00Z")
            try charge(bench, "ideogram:4@remix", .runware, at: "2026-11-21T10:00:00Z")
            try charge(bench, "ideogram:4@remix", .runware, at: "2026-11-22T00:30:00Z")
            let one = try await bench.runware(activity(["models": ["ideogram:4@2"], "groupBy": ["date"]]))
            let item = try #require(one.data.first)
            #expect(item["timeseries"]?["data"]?.arrayValue?.map { $0["date"] } == ["2026-11-20"])
            #expect(item["model"] == nil && item["apiKey"] == nil)
            let all = try await bench.runware(activity(["groupBy": ["date", "model"], "timezone": "UTC"]))
            #expect(all.data.first?["model"]?["data"]?.arrayValue?.map { $0["count"] } == [1, 1])
            let berlin = try await bench.runware(activity(["groupBy": ["date"], "timezone": "Europe/Berlin"]))
            #expect(berlin.data.first?["timeseries"]?["data"]?.arrayValue?.map { $0["date"] } == ["2026-11-21"])
            for (more, code) in [
                (["models": "ideogram:4@2"] as [String: JSONValue], "invalidModels"),
                (["groupBy": ["hour"]], "invalidGroupBy"), (["groupBy": []], "invalidGroupBy"),
                (["timezone": "Mars/Olympus"], "invalidTimezone"), (["endDate": "2027-01-01"], "invalidEndDate"),
                (["startDate": "soon"], "invalidStartDate"),
            ] {
                #expect(try await bench.runware(activity(more)).codes == [code])
            }
        }
    }

    @Test func `Ideogram's usage comes in dense buckets`() async throws {
        try await withSandbox { bench in
            try charge(bench, "ideogram-v4", .ideogram, at: "2026-11-20T23:30:00Z")
            try charge(bench, "legacy V_1", .ideogram, at: "2026-11-22T10:00:00Z")
            let url = bench.sandbox.baseURL(.ideogram) + "/v2/account/usage"
            let key = [("Api-Key", Bench.key)]
            let query = "?start_time=2026-11-20T05:00:00Z&end_time=2026-11-22T12:00:00Z"
            let answer = try await bench.get(url + query, fields: key)
            let buckets = answer.json["buckets"]?.arrayValue ?? []
            #expect(answer.status == 200 && buckets.map { $0["line_items"]?.arrayValue?.count } == [1, 0, 1])
            let item = try #require(buckets.first?["line_items"]?.arrayValue?.first)
            #expect(item["endpoint"] == "/v1/ideogram-v4/remix" && item["cost_total"] == "0.120000")
            #expect(item["billed_units"] == ["unit": "image", "quantity": "2", "unit_price": "0.060000"])
            let app = try await bench.get(url + query + "&sources=app", fields: key)
            #expect(app.json["buckets"]?.arrayValue?.allSatisfy { $0["line_items"] == [] } == true)
            for bad in [
                "", "?start_time=2026-11-20", "?start_time=soon", query + "&bucket_width=1w", query + "&colour=red",
                "?start_time=2026-01-01T00:00:00Z&end_time=2026-11-01T00:00:00Z",
                "?start_time=2026-11-02T00:00:00Z&end_time=2026-11-01T00:00:00Z",
                query + "&bucket_width=1h&bucket_width=1d",
            ] {
                #expect(try await bench.get(url + bad, fields: key).status == 400, "\(bad)")
            }
            #expect(try await bench.get(url + query).status == 401)
            #expect(try await bench.send("POST", url + query, fields: key).status == 405)
        }
    }

    @Test func `a key that is no admin's finds nothing there`() async throws {
        try await withSandbox({ $0.ideogramAdminKeys = [] }) { bench in
            let url = bench.sandbox.baseURL(.ideogram) + "/v2/account/usage?start_time=2026-11-20T00:00:00Z"
            let answer = try await bench.get(url, fields: [("Api-Key", Bench.key)])
            #expect(answer.status == 404)
        }
    }
}
