import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation
import TestKit
import Testing

@testable import EaselGateway

/// Which row a request comes to.
struct RouterTests {
    private static func route(_ method: String, _ path: String) -> Route<Int> {
        Route(method, path, .open, "", gives: []) { _, _ throws(Problem) in .empty() }
    }

    private let router = Router([
        Self.route("GET", "/"), Self.route("GET", "/calls"), Self.route("PUT", "/calls"),
        Self.route("GET", "/calls/{id}"), Self.route("POST", "/calls/redact"),
        Self.route("DELETE", "/calls/{id}/raise"),
        Self.route("GET", "/{anything}/last/one"),
    ])

    private func found(_ method: String, _ path: String) -> String {
        switch router.find(method, path) {
        case .route(let route, let names): ([route.row.path.description] + names).joined(separator: " ")
        case .otherMethods(let methods, let path): "\(path) takes \(methods.joined(separator: " "))"
        case .nothing: "nothing"
        }
    }

    @Test(arguments: [
        ("GET", "/", "/"), ("HEAD", "/", "/"), ("POST", "/", "/ takes GET HEAD"),
        ("GET", "/calls", "/calls"), ("GET", "/calls/", "/calls"), ("GET", "//calls", "/calls"),
        ("HEAD", "/calls", "/calls"), ("DELETE", "/calls", "/calls takes GET HEAD PUT"),
        ("OPTIONS", "/calls", "/calls takes GET HEAD PUT"), ("get", "/calls", "/calls takes GET HEAD PUT"),
        ("GET", "/calls/7", "/calls/{id} 7"), ("GET", "/calls/%2F", "/calls/{id} %2F"),
        ("POST", "/calls/redact", "/calls/redact"), ("GET", "/calls/redact", "/calls/redact takes POST"),
        ("HEAD", "/calls/redact", "/calls/redact takes POST"),
        ("DELETE", "/calls/7/raise", "/calls/{id}/raise 7"),
        ("GET", "/calls/7/raise", "/calls/{id}/raise takes DELETE"),
        ("GET", "/calls/last/one", "/{anything}/last/one calls"), ("GET", "/calls/7/lower", "nothing"),
        ("GET", "/calls/7/raise/x", "nothing"), ("GET", "/a/b/c/d/e/f/g", "nothing"), ("GET", "*", "nothing"),
        ("GET", "/calls//7", "/calls/{id} 7"),
    ])
    func `a row is found by its path, then by its method`(_ method: String, _ path: String, _ expected: String) {
        #expect(found(method, path) == expected)
    }
}

/// What holds for every row of the table.
struct RouteTableTests {
    /// Whoever opens a path to everybody, or to whoever has a link, says so here too.
    @Test func `these paths and no others ask for no key`() {
        let open = RouteTable.rows.filter { !$0.access.asksForKey }.map { "\($0.method) \($0.path) \($0.access)" }
        #expect(
            Set(open) == [
                "GET / open", "GET /assets/{file} open", "GET /healthz open", "GET /readyz open",
                "GET /openapi.json open",
                // Who signs in brings a key in the body, and who signs out may have lost it.
                "POST /v1/session open", "DELETE /v1/session open",
                "GET /metrics metrics",
                "GET /v1/artifacts/{day}/{file} link",
            ]
        )
    }

    @Test func `whatever changes something for all asks for an admin`() {
        let own: Set = ["/v1/remix", "/v1/route/explain", "/v1/route/simulate", "/v1/session"]
        for row in RouteTable.rows where row.method != "GET" && row.access != .admin {
            #expect(own.contains(row.path.description))
        }
    }

    @Test func `no two rows are for the same request`() {
        var seen: Set<String> = []
        for row in RouteTable.rows {
            let shape = row.path.segments.map { segment in
                if case .word(let word) = segment { word } else { "{}" }
            }
            #expect(seen.insert("\(row.method) \(shape)").inserted, "\(row.method) \(row.path)")
        }
        #expect(RouteTable.rows.count > 40)
    }

    @Test func `each row is found by the path that it has`() {
        for row in RouteTable.rows {
            let path = row.path.segments.map { segment in
                if case .word(let word) = segment { word } else { "x" }
            }
            guard case .route(let route, _) = RouteTable.router.find(row.method, "/" + path.joined(separator: "/"))
            else {
                Issue.record("\(row.method) \(row.path)")
                continue
            }
            #expect(route.row === row)
        }
    }

    @Test func `the row that is looked at first is the one of the table`() {
        #expect(RouteTable.rows.contains { $0 === RemixRoutes.remix.row })
        #expect(RemixRoutes.remix.row.path.description == RemixRoutes.path)
        #expect(RemixRoutes.remix.row.access == RemixRoutes.access.rule)
        #expect(RemixRoutes.remix.row.load == .counted)
    }
}

/// Parameters of URLs, as rows declare them.
struct QueryRulesTests {
    private static let limit = QueryParameter.integer("limit", 1...200, usual: 20, "")
    private static let id = QueryParameter.id("id", "", mend: "must be an id")
    private static let flag = QueryParameter.flag("flag", "")
    private static let status = QueryParameter<CallStatus?>.choice("status", "")
    private static let since = QueryParameter.moment("since", "")
    private let rules = QueryRules.only([Self.limit, Self.id, Self.flag, Self.status, Self.since])

    private func faults(_ query: (name: String, value: String)...) -> [String] {
        rules.faults(in: query, now: SampleTrade.moment).map { "\($0.parameter) \($0.message)" }
    }

    @Test func `sound values have no faults`() {
        #expect(
            faults(
                ("limit", "200"),
                ("id", "01931c2e-7a00-7000-8000-000000000000"),
                ("flag", "false"),
                ("status", "partial"),
                ("since", "7d")
            ).isEmpty
        )
        #expect(faults().isEmpty)
    }

    @Test func `every fault is named at once`() {
        let found = faults(
            ("limit", "0"),
            ("id", "x"),
            ("flag", "yes"),
            ("status", "done"),
            ("since", "never"),
            ("limt", "1"),
            ("limit", "3")
        )
        #expect(
            found == [
                "limit must be a whole number from 1 to 200", "id must be an id", "flag must be true or false",
                "status must be one of in_progress, succeeded, partial, refused, failed",
                "since must be an RFC 3339 time, a date, or a time span such as 24h or 7d",
                "limt is not known; there are limit, id, flag, status, since", "limit is given twice; give it once",
            ]
        )
    }

    @Test func `a row without parameters does not look at them`() {
        #expect(QueryRules.none.faults(in: [("anything", "1")], now: SampleTrade.moment).isEmpty)
    }

    @Test func `a thousand unknown parameters make a short answer`() {
        let query = (0..<1000).map { (name: "\($0)", value: "") }
        #expect(rules.faults(in: query, now: SampleTrade.moment).count == FaultList.most + 1)
    }
}
