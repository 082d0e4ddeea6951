import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation
import Testing

@testable import EaselGateway

/// Who gets in by each row of the table, and how a path answers to methods that it does not take.
@Suite struct AccessTests {
    /// Who knocks.
    private enum Guest: CaseIterable { case nobody, stranger, member, admin }

    /// A request to a row: its path with names that stand for nothing, its smallest body.
    private func knock(_ house: House, _ row: RouteRow, method: String? = nil, key: String?) async throws -> Answer {
        let path = row.path.segments.map { segment in
            switch segment {
            case .word(let word): word
            case .any(let name): name == "id" ? UUID().text : "nothing"
            }
        }
        let hasBody = !["GET", "HEAD"].contains(method ?? row.method)
        // Whoever listens to events gets an answer when they stop.
        let query = row.path.description == "/v1/events" ? "?seconds=1" : ""
        return try await house.send(
            method ?? row.method,
            "/" + path.joined(separator: "/") + query,
            key: key,
            fields: hasBody ? [("Content-Type", "application/json")] : [],
            body: hasBody ? Array("{}".utf8) : nil
        )
    }

    @Test func `every row lets in whom it says, and nobody else`() async throws {
        var plan = House.Plan()
        plan.settings = { $0.metrics.public = false }
        try await House.with(plan) { house in
            let member = try await house.key(team: "design").key
            let keys: [Guest: String?] = [
                .nobody: nil, .stranger: "esl_nonsense-that-is-long-enough", .member: member, .admin: House.adminKey,
            ]
            for row in RouteTable.rows {
                for guest in Guest.allCases {
                    let answer = try await knock(house, row, key: keys[guest] ?? nil)
                    let place: Comment = "\(row.method) \(row.path) by \(guest): \(answer.status) \(answer.code ?? "")"
                    switch (row.access, guest) {
                    case (.open, _): #expect(![401, 403, 405].contains(answer.status) && answer.status < 500, place)
                    case (.link, _): #expect(answer.code == "forbidden", place)
                    case (_, .nobody), (_, .stranger): #expect(answer.status == 401, place)
                    case (.admin, .member), (.metrics, .member): #expect(answer.code == "forbidden", place)
                    default: #expect(![401, 403, 405].contains(answer.status) && answer.status < 500, place)
                    }
                    if answer.status == 401 { #expect(answer.fields["WWW-Authenticate"] == "Bearer", place) }
                }
            }
        }
    }

    @Test func `what belongs to a team is nobody else's`() async throws {
        try await House.with { house in
            let design = try await house.key(team: "design").key
            let finance = try await house.key(team: "finance").key
            let call = try await house.remix(key: design).id
            let budget = try await house.send(
                "PUT",
                "/v1/budgets",
                fields: [("Content-Type", "application/json")],
                body: Array(#"{"scope":"team:design","period":"month","limit_usd":"5"}"#.utf8)
            ).id
            // Of each row that shows a team's own things there is a way to ask for those of design.
            let ways = [
                "/v1/calls": "/v1/calls?team=design", "/v1/calls/{id}": "/v1/calls/\(call)",
                "/v1/budgets": "/v1/budgets", "/v1/budgets/{id}/explain": "/v1/budgets/\(budget)/explain",
                "/v1/route/simulate": "/v1/route/simulate", "/v1/events": "/v1/events?team=design&seconds=1",
                "/v1/overview": "/v1/overview?team=design",
            ]
            for row in RouteTable.rows where row.access == .ownTeam {
                let template = row.path.description
                let way = try #require(
                    ways[template] ?? (template.hasPrefix("/v1/reports/") ? "\(template)?team=design" : nil)
                )
                for (key, isIn) in [(design, true), (House.adminKey, true), (finance, false)] {
                    let body =
                        row.method == "POST" ? Array(#"{"policy":{"order":["runware"]},"team":"design"}"#.utf8) : nil
                    let answer = try await house.send(row.method, way, key: key, body: body)
                    let place: Comment = "\(row.method) \(way): \(answer.status)"
                    if template == "/v1/budgets" {
                        #expect(answer["budgets"]?.arrayValue?.isEmpty == !isIn, place)
                    } else if isIn {
                        #expect(answer.status == 200, place)
                    } else {
                        #expect([403, 404].contains(answer.status), place)
                    }
                }
            }
        }
    }

    @Test func `a path under another method answers 405 and says which it takes`() async throws {
        try await House.with { house in
            var methods: [String: Set<String>] = [:]
            for row in RouteTable.rows { methods[row.path.description, default: []].insert(row.method) }
            for row in RouteTable.rows {
                var known = methods[row.path.description] ?? []
                if known.contains("GET") { known.insert("HEAD") }
                for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] where !known.contains(method)
                {
                    // Without a key too: that a path is there is no secret.
                    let answer = try await knock(house, row, method: method, key: nil)
                    #expect(answer.status == 405, "\(method) \(row.path)")
                    let allowed = answer.fields["Allow"]?.split(separator: ",").map {
                        $0.trimmingCharacters(in: .whitespaces)
                    }
                    #expect(Set(allowed ?? []) == known, "\(method) \(row.path)")
                    if method != "HEAD" { #expect(answer.code == "method_not_allowed", "\(method) \(row.path)") }
                }
            }
        }
    }

    @Test func `HEAD answers what GET answers, without the body`() async throws {
        try await House.with { house in
            let link = try #require(try await house.remix().images.first?["url"]?.stringValue)
            for row in RouteTable.rows where row.method == "GET" {
                let get = try await knock(house, row, key: House.adminKey)
                let head = try await knock(house, row, method: "HEAD", key: House.adminKey)
                #expect(head.status == get.status, "\(row.path)")
                #expect(head.fields["Content-Type"] == get.fields["Content-Type"], "\(row.path)")
                #expect(head.body.isEmpty, "\(row.path)")
            }
            let head = try await house.send("HEAD", link, key: nil)
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.fields["Content-Length"].flatMap { Int($0) } ?? 0 > 0)
        }
    }

    @Test func `requests are counted by the row that they came to`() async throws {
        try await House.with { house in
            _ = try await house.remix()
            _ = try await house.remix(["prompt": "x"])
            _ = try await house.get("/v1/calls/\(UUID().text)")
            _ = try await house.get("/no/such/path?with=\(UUID().text)")
            _ = try await house.send("BREW", "/v1/remix")
            let text = String(decoding: try await house.get("/metrics").body, as: UTF8.self)
            for line in [
                #"easel_http_requests_total{route="/v1/remix",method="POST",status="200"} 1"#,
                #"easel_http_requests_total{route="/v1/remix",method="POST",status="400"} 1"#,
                #"easel_http_requests_total{route="/v1/calls/{id}",method="GET",status="404"} 1"#,
                #"easel_http_requests_total{route="none",method="other",status="404"} 1"#,
                #"easel_http_request_duration_seconds_count{route="/v1/remix",method="POST"} 2"#,
            ] {
                #expect(text.contains(line + "\n"), "\(line)")
            }
            #expect(!text.contains("BREW"))
        }
    }
}
