import EaselBase
import EaselCore
import EaselTransport
import Foundation
import Testing

@testable import EaselProviders

/// What is asked of Runware's usage, and what is made of the answers.
struct RunwareUsageTests {
    private let model = "ideogram:4@remix"
    /// 0.3 as a sum of binary fractions comes out.
    private let noisy = Decimal(3) / 10 + Decimal(4) / Decimal(sign: .plus, exponent: 17, significand: 1)

    private func usage(_ first: String = "2026-11-20", _ last: String = "2026-11-21") throws -> RunwareUsage {
        let span = ReconciliationSpan(
            provider: "runware",
            first: try #require(CivilDay(first)),
            last: try #require(CivilDay(last))
        )
        return RunwareUsage(span, models: [model])
    }

    /// Answers every question of a usage with what `body` makes of it.
    private func read(
        _ usage: RunwareUsage,
        _ body: (RunwareUsage.Query) -> [String: JSONValue]
    ) -> ProviderUsage {
        let items = usage.queries.reversed().map { query -> JSONValue in
            .object(["taskUUID": .string(query.taskUUID.uppercased())].merging(body(query)) { $1 })
        }
        return usage.read([Answers.response(["data": .array(items)])], secrets: [Answers.key])
    }

    private func breakdown(_ rows: JSONValue...) -> JSONValue { ["data": .array(rows), "meta": [:]] }

    @Test func `each model is asked for by day, the account by model, in spans of thirty days`() throws {
        let usage = try usage("2026-09-01", "2026-10-31")
        #expect(usage.queries.count == 6 && usage.requests.count == 1)
        let spans = usage.queries.map { "\($0.startDate) \($0.endDate)" }
        #expect(Set(spans) == ["2026-09-01 2026-09-30", "2026-10-01 2026-10-30", "2026-10-31 2026-10-31"])
        for query in usage.queries {
            #expect(query.timezone == "UTC" && query.taskType == "accountManagement")
            #expect(query.models == nil ? query.groupBy == ["date", "model"] : query.groupBy == ["date"])
        }
        let text = try JSON.text(usage.requests, sorted: true)
        #expect(!text.contains("null"), "what is not asked for is left out")
    }

    @Test func `rows are read by day, and models that nobody asked for are foreign`() throws {
        let answer = read(try usage()) { query in
            query.models != nil
                ? [
                    "timeseries": breakdown(
                        ["date": "2026-11-20", "count": 2, "spend": .number(noisy)],
                        ["date": "2026-11-21T00:00:00Z", "count": "1", "spend": "0.06", "new": [1]]
                    )
                ]
                : [
                    "timeseries": breakdown(["date": "2026-11-20", "count": 9, "spend": 1]),
                    "model": breakdown(
                        ["model": .string(model), "count": 3, "spend": .number(Decimal(36) / 100)],
                        ["model": "bfl:2@1", "modelName": "FLUX", "count": 6, "spend": .number(Decimal(64) / 100)]
                    ),
                ]
        }
        guard case .rows(let table) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(table.rows.map(\.cost?.usd) == ["0.3", "0.06"] && table.rows.map(\.requests) == [2, 1])
        #expect(table.rows.map(\.day.description) == ["2026-11-20", "2026-11-21"])
        #expect(table.foreign == [ForeignUsage(name: "bfl:2@1", requests: 6, cost: Money(usd: "0.64"))])
        #expect(table.remarks.isEmpty)
    }

    @Test func `odd shapes are accepted, and what is not understood stays unknown`() throws {
        // The envelope `usage`, bare lists, figures that are no amounts, rows without a date.
        let answer = read(try usage()) { query in
            query.models != nil
                ? [
                    "usage": [
                        "timeseries": [
                            ["date": "2026-11-20", "spend": -1], ["date": "soon", "spend": 1],
                            ["date": "2026-11-21", "count": nil, "spend": "1e3"],
                        ]
                    ]
                ] : ["usage": ["model": [["count": 1], "nonsense", ["modelName": "Odd\nName", "spend": true]]]]
        }
        guard case .rows(let table) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(table.rows.count == 2 && table.rows.allSatisfy { $0.cost == nil && $0.requests == nil })
        #expect(table.remarks.count == 3)
        #expect(table.foreign == [ForeignUsage(name: "Odd Name", cost: nil)])
    }

    @Test func `a breakdown by day that is missing is no usage only where the account's list agrees`() throws {
        let none = read(try usage()) { $0.models == nil ? ["model": breakdown()] : [:] }
        #expect(none == .rows(ProviderUsageTable(rows: [])))
        let some = read(try usage()) { query in
            query.models == nil ? ["model": breakdown(["model": .string(model), "spend": 1, "count": 1])] : [:]
        }
        guard case .failed = some else {
            Issue.record("\(some)")
            return
        }
    }

    @Test(arguments: [
        (401, #"{"errors":[{"code":"invalidApiKey","message":"The key rw-secret-key-0123456789 is not valid."}]}"#),
        (200, #"{"data":[],"errors":[{"code":"errorRetrievingAccountManagement","message":"Later."}]}"#),
        (502, "<html>Bad gateway</html>"), (200, "nonsense"), (200, #"{"data":[]}"#),
    ])
    func `a question without an answer is a failure in a safe sentence`(_ status: Int, _ body: String) throws {
        let answer = try usage().read([Answers.response(Array(body.utf8), status: status)], secrets: [Answers.key])
        guard case .failed(let sentence) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(sentence.hasPrefix("Runware") && !sentence.contains(Answers.key), "S2")
    }

    @Test func `no answer ends the program`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("runware usage mutation: seed \(seed)")
        var random = MutationRandom(state: seed)
        let usage = try usage()
        let sound: JSONValue = [
            "data": .array(
                usage.queries.map {
                    [
                        "taskUUID": .string($0.taskUUID), "timeseries": breakdown(["date": "2026-11-20", "spend": 1]),
                        "model": breakdown(["model": "x", "spend": 1, "count": 1]),
                    ]
                }
            )
        ]
        let bytes = try JSON.encode(sound, sorted: true)
        for _ in 0..<500 {
            var mutated = bytes
            for _ in 0..<3 {
                mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(in: 32...125, using: &random)
            }
            _ = usage.read([Answers.response(mutated)], secrets: [])
        }
    }
}

private struct MutationRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
