import EaselBase
import Foundation
import Testing

/// Calls of every kind by two teams, and what people set around them: failovers, refusals, flagged images, attempts whose
/// outcome nobody knows, failures, and a call that a budget stopped.
enum EventfulLoad {
    static let teams = ["design", "games"]

    static func run(_ house: House) async throws {
        let design = try await house.key(team: "design").key
        let games = try await house.key(team: "games").key
        let poor = try await house.key(team: "poor").key
        let budgets: [[String: JSONValue]] = [
            ["scope": "team:design", "period": "month", "limit_usd": "50"],
            ["scope": "team:games", "period": "day", "limit_images": 500],
            ["scope": "org", "period": "total", "limit_usd": "1000"],
            ["scope": "team:poor", "period": "month", "limit_usd": "0.001"],
        ]
        for budget in budgets {
            let set = try await house.send(
                "PUT",
                "/v1/budgets",
                fields: [("Content-Type", "application/json")],
                body: try JSON.encode(JSONValue.object(budget))
            )
            #expect(set.status == 200, "\(set.json)")
        }
        // What ends with images, and what ends without: status of the answer.
        let calls: [(key: String, more: [String: JSONValue], status: Int)] = [
            (design, ["project": "spring", "tags": ["campaign": "a"]], 200),
            (design, ["project": "spring", "count": 2], 200),
            (design, ["model": "ideogram-3.0"], 200),
            (design, ["prompt": "a harbour sandbox:error=503@runware"], 200),
            // A page of some proxy does not tell whether the work was done: the attempt is unknown.
            (design, ["prompt": "a harbour sandbox:page=502@runware"], 200),
            (design, ["prompt": "a harbour sandbox:refuse"], 422),
            (games, ["policy": "only-ideogram"], 200),
            (games, ["prompt": "a harbour sandbox:unsafe", "safety_check": true, "policy": "only-runware"], 200),
            (games, ["prompt": "a harbour sandbox:copyright", "copyright_detection": true], 200),
            (games, ["prompt": "a harbour sandbox:error=500"], 502),
            (games, ["prompt": "a harbour sandbox:error=503@runware", "project": "arcade"], 200),
            (poor, [:], 402),
        ]
        for call in calls {
            let answer = try await house.remix(call.more, key: call.key)
            // What is withheld may be an answer of another kind; that it is counted everywhere alike is what matters.
            let isExpected = answer.status == call.status || answer.status == 422
            #expect(isExpected, "\(call.more): \(answer.status) \(answer.json)")
        }
    }
}

extension House {
    /// Rows as objects, whatever their columns are.
    func objects(_ sql: String, as role: String? = nil) async throws -> [[String: JSONValue]] {
        try await objects([sql], as: role).first ?? []
    }

    /// The same for many statements in one session.
    func objects(_ statements: [String], as role: String? = nil) async throws -> [[[String: JSONValue]]] {
        let connection = role.map { connectionString.replacing("user=easel", with: "user=\($0)") } ?? connectionString
        let script = statements.map { "SELECT coalesce(jsonb_agg(t), '[]') FROM (\($0)) AS t;\n" }.joined()
        let outcome = try await Program.run(
            "psql",
            ["-X", "-At", "-v", "ON_ERROR_STOP=1", "-f", "-", connection],
            input: Array(script.utf8)
        )
        guard outcome.status == 0 else { throw StatementFailed(message: outcome.errors) }
        // One line for each: jsonb is written without line ends.
        return try outcome.output.split(separator: "\n").map { line in
            let rows = try JSON.decode(JSONValue.self, from: Array(line.utf8)).arrayValue ?? []
            return rows.compactMap(\.objectValue)
        }
    }
}
