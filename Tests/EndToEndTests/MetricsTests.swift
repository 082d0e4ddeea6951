import EaselBase
import EaselCore
import EaselGateway
import EaselSandbox
import EaselTransport
import Foundation
import Testing
import TestTools

/// `/metrics` after a day's worth of trouble: what it counts, and what others' programs make of it.
struct MetricsTests {
    /// A failover, a refusal and two that went well, of two teams.
    private static func busy(_ body: (House) async throws -> Void) async throws {
        var plan = House.Plan()
        plan.sandbox.faults = [FaultRule(provider: .runware, kind: .status(503))]
        try await House.with(plan) { house in
            let design = try await house.key(team: "design")
            let other = try await house.key(team: "other")
            #expect(try await house.remix(key: design.key).status == 200)
            #expect(try await house.remix(["policy": "only-ideogram", "count": 2], key: design.key).status == 200)
            #expect(try await house.remix(["policy": "only-ideogram"], key: other.key).status == 200)
            #expect(try await house.remix(["model": "nothing"], key: design.key).status == 400)
            #expect(try await house.get("/nowhere").status == 404)
            try await body(house)
        }
    }

    private static func text(_ house: House, _ accept: String? = nil) async throws -> String {
        let answer = try await house.send("GET", "/metrics", key: nil, fields: accept.map { [("Accept", $0)] } ?? [])
        #expect(answer.status == 200)
        return String(decoding: answer.body, as: UTF8.self)
    }

    private static func value(_ text: String, _ series: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap {
            Double($0.dropFirst(series.count + 1))
        }
    }

    @Test func `every metric of the table is there, and counts what happened`() async throws {
        try await Self.busy { house in
            let text = try await Self.text(house)
            for metric in MetricTable.metrics {
                let type = metric.kind == .info ? "gauge" : metric.kind.rawValue
                #expect(text.contains("# TYPE \(metric.name) \(type)\n"), "\(metric.name)")
            }
            func value(_ series: String) -> Double? { Self.value(text, series) }
            let route = "route=\"/v1/remix\",method=\"POST\""
            #expect(value("easel_http_requests_total{\(route),status=\"200\"}") == 3)
            #expect(value("easel_http_requests_total{\(route),status=\"400\"}") == 1)
            #expect(value("easel_http_requests_total{route=\"none\",method=\"other\",status=\"404\"}") == 1)
            #expect(value("easel_http_request_duration_seconds_count{\(route)}") == 4)
            #expect(value("easel_http_request_duration_seconds_bucket{\(route),le=\"600.0\"}") == 4)
            // This one.
            #expect(value("easel_requests_in_flight") == 1)
            let model = "model=\"ideogram-4.0\""
            #expect(value("easel_calls_total{status=\"succeeded\",\(model),provider=\"ideogram\"}") == 3)
            #expect(value("easel_call_duration_seconds_count{status=\"succeeded\"}") == 3)
            #expect(value("easel_failovers_total{from=\"runware\",to=\"ideogram\"}") == 1)
            #expect(value("easel_attempts_total{provider=\"ideogram\",\(model),outcome=\"succeeded\"}") == 4)
            let failed = try #require(value("easel_attempts_total{provider=\"runware\",\(model),outcome=\"failed\"}"))
            #expect(value("easel_attempt_duration_seconds_count{provider=\"runware\",phase=\"total\"}") == failed)
            for phase in ["queue", "first_byte", "body", "total"] {
                #expect(
                    value("easel_attempt_duration_seconds_count{provider=\"ideogram\",phase=\"\(phase)\"}") == 4,
                    "\(phase)"
                )
            }
            #expect(value("easel_images_total{team=\"design\"}") == 3)
            // A team that is called as the rest is one of them.
            #expect(value("easel_images_total{team=\"other\"}") == 1)
            #expect(text.split(separator: "\n").count { $0.hasPrefix("easel_images_total{") } == 2)
            let told = ["design", "other"].compactMap { value("easel_cost_usd_total{team=\"\($0)\"}") }.reduce(0, +)
            let billed = try #require(Double(house.sandbox.billing.total.usd))
            #expect(abs(told - billed) < 1e-9)
            #expect(value("easel_database_pool_connections{pool=\"writers\",state=\"busy\"}") != nil)
            #expect(value("easel_build_info{version=\"test\",commit=\"\"}") == 1)
            #expect(try #require(value("process_resident_memory_bytes")) > 1_048_576)
        }
    }

    /// Whoever reads the log at the same moment counts the same.
    @Test func `figures of the database follow`() async throws {
        try await House.with { house in
            let budget: JSONValue = [
                "scope": "team:operators", "period": "day", "limit_usd": "10", "hard": true,
            ]
            let body = try JSON.encode(budget)
            let fields = [("Content-Type", "application/json")]
            #expect(try await house.send("PUT", "/v1/budgets", fields: fields, body: body).status == 200)
            #expect(try await house.remix().status == 200)
            let labels = "{scope=\"team:operators\",period=\"day\"}"
            let isThere = try await eventually {
                let text = try await Self.text(house)
                return Self.value(text, "easel_budget_spent_usd\(labels)").map { $0 > 0 } ?? false
            }
            #expect(isThere)
            let text = try await Self.text(house)
            let spent = try #require(Self.value(text, "easel_budget_spent_usd\(labels)"))
            #expect(Self.value(text, "easel_budget_limit_usd\(labels)") == 10)
            #expect(Self.value(text, "easel_budget_used_ratio\(labels)") == spent / 10)
            #expect(Self.value(text, "easel_budget_reserved_usd\(labels)") == 0)
            #expect(Self.value(text, "easel_rollup_lag_seconds") != nil)
            #expect(Self.value(text, "easel_artifact_bytes") != nil)
        }
    }

    @Test(.enabled(if: Promtool.path != nil, "promtool is not on the PATH (the Debian package prometheus)"))
    func `promtool finds nothing to say`() async throws {
        try await Self.busy { house in
            let text = try await Self.text(house)
            let outcome = try await Program.run(
                try #require(Promtool.path),
                ["check", "metrics"],
                input: Array(text.utf8)
            )
            #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.output)\(outcome.errors)")
        }
    }

    @Test(
        .enabled(if: Python.isThere, "python3 is not on the PATH"),
        .enabled(if: Python.has("prometheus_client"), "the Python package prometheus-client could not be fetched")
    )
    func `the official parser of OpenMetrics reads it, exemplars and all`() async throws {
        try await Self.busy { house in
            let accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
            let answer = try await house.send("GET", "/metrics", key: nil, fields: [("Accept", accept)])
            #expect(
                answer.fields["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
            )
            let program = """
                import json, sys
                from prometheus_client.openmetrics.parser import text_string_to_metric_families
                families = list(text_string_to_metric_families(sys.stdin.read()))
                names = [family.name for family in families]
                assert len(names) == len(set(names)), names
                exemplars = [s.exemplar for f in families for s in f.samples if s.exemplar]
                calls = [e.labels["call_id"] for e in exemplars]
                total = sum(s.value for f in families if f.name == "easel_calls" for s in f.samples)
                print(json.dumps({"names": names, "calls": sorted(set(calls)), "total": total,
                    "units": {f.name: f.unit for f in families if f.unit}}))
                """
            let outcome = try await Program.run(
                "/usr/bin/env",
                ["python3", "-c", program],
                environment: ["PYTHONPATH": try #require(Python.folder)],
                input: answer.body
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let read = try JSON.decode(JSONValue.self, from: Array(outcome.output.utf8))
            #expect(read["names"]?.arrayValue?.compactMap(\.stringValue) == MetricTable.metrics.map(\.family))
            #expect(read["total"] == 3)
            #expect(read["units"]?["easel_cost_usd"] == "usd")
            let listed = try await house.get("/v1/calls")
            let known = Set((listed["calls"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue })
            let named = read["calls"]?.arrayValue?.compactMap(\.stringValue) ?? []
            #expect(!named.isEmpty && known.isSuperset(of: named))
        }
    }
}

enum Promtool {
    static let path: String? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { $0 + "/promtool" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()
}
