import EaselBase
import EaselCore
import EaselTransport
import Foundation
import Testing

@testable import EaselProviders

/// What is made of Ideogram's usage.
struct IdeogramUsageTests {
    private func item(_ endpoint: String, _ cost: JSONValue, _ more: [String: JSONValue] = [:]) -> JSONValue {
        let members: [String: JSONValue] = [
            "product": "ideogram_v4_remix", "description": "Ideogram 4.0", "endpoint": .string(endpoint),
            "cost_total": cost, "currency_code": "USD", "source": "api",
            "billed_units": ["unit": "image", "quantity": "2", "unit_price": "0.060000"],
            "api_key": ["id": "k1", "redacted_key": "ideo••••"],
        ]
        return .object(members.merging(more) { $1 })
    }

    private func read(_ items: [JSONValue], _ more: [String: JSONValue] = [:]) throws -> ProviderUsageTable {
        let body: [String: JSONValue] = [
            "buckets": [
                [
                    "start_time": "2026-11-20T00:00:00Z", "end_time": "2026-11-21T00:00:00Z",
                    "line_items": .array(items),
                ],
                ["start_time": "2026-11-21T00:00:00Z", "end_time": "2026-11-22T00:00:00Z", "line_items": []],
            ]
        ]
        let response = Answers.response(.object(body.merging(more) { $1 }))
        guard case .rows(let table) = IdeogramUsage.read(response, secrets: []) else {
            throw Unexpected()
        }
        return table
    }

    struct Unexpected: Error {}

    @Test func `line items of the endpoints that Easel calls are told apart`() throws {
        let table = try read([
            item("/v1/ideogram-v4/remix", "0.120000"), item("/v1/ideogram-v4/async/remix", "0.060000"),
            item("/v1/ideogram-v3/remix", "0.03"), item("/remix", 0),
        ])
        let models = ["ideogram-v4/remix", "ideogram-v4/remix", "ideogram-v3/remix", "remix"]
        #expect(table.rows.map(\.model) == models)
        #expect(table.rows.map(\.cost?.usd) == ["0.12", "0.06", "0.03", "0"])
        #expect(table.rows.allSatisfy { $0.images == 2 && $0.day.description == "2026-11-20" })
        #expect(table.foreign.isEmpty && table.remarks.isEmpty)
    }

    @Test func `other products and the web application are foreign, other spellings of remix are not`() throws {
        let table = try read([
            item("/v2/image/generate/ideogram-3", "0.18", ["product": "ideogram_v3_generation"]),
            item("/v1/ideogram-v4/remix", "0.06", ["source": "app"]),
            item("/v2/image/remix/ideogram-4", "0.06"),
        ])
        #expect(table.foreign.map(\.name) == ["ideogram_v3_generation", "ideogram_v4_remix (web application)"])
        #expect(table.rows.map(\.model) == [nil], "it may be ours under another name")
    }

    @Test func `what is not understood stays unknown`() throws {
        let table = try read(
            [
                item("/v1/ideogram-v4/remix", "1e3"), item("/v1/ideogram-v3/remix", "-0.06"),
                item("/remix", "0.06", ["currency_code": "EUR"]),
                item("/remix", "0.06", ["billed_units": ["unit": "token", "quantity": "7"]]), "nonsense", [:],
            ],
            ["has_more": true]
        )
        #expect(table.rows.map { $0.cost == nil } == [true, true, true, false, true, true])
        #expect(table.rows[3].images == nil)
        #expect(table.remarks.count == 6)
    }

    @Test func `a key that is no admin's is told what it needs`() {
        let answer = IdeogramUsage.read(Answers.response(["detail": "Not found"], status: 404), secrets: [])
        guard case .unsupported(let sentence) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(sentence.contains("admin") && sentence.contains("--csv"))
    }

    @Test(arguments: [(401, #"{"message":"no: rw-secret-key-0123456789"}"#), (500, "<html>"), (200, "[1"), (200, "{}")])
    func `other answers are failures in a safe sentence`(_ status: Int, _ body: String) {
        let response = Answers.response(Array(body.utf8), status: status)
        guard case .failed(let sentence) = IdeogramUsage.read(response, secrets: [Answers.key]) else {
            Issue.record("\(body) is no usage")
            return
        }
        #expect(sentence.hasPrefix("Ideogram") && !sentence.contains(Answers.key))
    }

    @Test func `what the log calls a model is found in the bill`() {
        let names = IdeogramUsage.names
        #expect(names.billedName(of: "remix/V_1_TURBO") == "remix" && names.billedName(of: "x") == "x")
        #expect(names.meaning(of: "/v1/Ideogram-V4/remix") == "ideogram-v4/remix")
        #expect(names.meaning(of: "ideogram-1.0") == "remix" && names.meaning(of: "FLUX") == nil)
    }

    @Test func `whole days are asked for`() throws {
        let span = ReconciliationSpan(
            provider: "ideogram",
            first: try #require(CivilDay("2026-11-20")),
            last: try #require(CivilDay("2026-11-21"))
        )
        let query = "start_time=2026-11-20T00:00:00Z&end_time=2026-11-22T00:00:00Z&bucket_width=1d"
        #expect(IdeogramUsage.query(span) == "/v2/account/usage?\(query)")
    }
}
