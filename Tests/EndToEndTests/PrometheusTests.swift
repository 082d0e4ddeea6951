import EaselBase
import EaselCore
import EaselServer
import Foundation
import Testing

/// Programs of Prometheus, from the system or from `scripts/prometheus.sh`.
enum PrometheusTools {
    static let promtool = find("promtool")
    static let prometheus = find("prometheus")

    private static func find(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let all = [GrafanaDashboard.root + "/.build/prometheus/usr/bin"] + folders
        return all.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static let rules = GrafanaDashboard.root + "/dashboards/prometheus"
    static let ruleFiles = ["easel-slo.yml", "easel-alerts.yml"].map { "\(rules)/\($0)" }
}

/// What Prometheus makes of the rules and of what a gateway tells.
@Suite(.enabled(if: PrometheusTools.promtool != nil, "promtool (Debian's package prometheus) could not be had"))
struct PrometheusTests {
    private func promtool(_ arguments: [String], input: [UInt8]? = nil) async throws -> Program.Outcome {
        try await Program.run(try #require(PrometheusTools.promtool), arguments, input: input)
    }

    @Test func `rules are well formed and fire where they should`() async throws {
        let checked = try await promtool(["check", "rules"] + PrometheusTools.ruleFiles)
        #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
        let tested = try await promtool(["test", "rules", PrometheusTools.rules + "/easel-rules.test.yml"])
        #expect(tested.status == 0, "\(tested.output)\(tested.errors)")
        let configured = try await promtool(["check", "config", PrometheusTools.rules + "/prometheus.yml"])
        #expect(configured.status == 0, "\(configured.output)\(configured.errors)")
    }

    @Test func `every alert is tested both ways and has a runbook`() throws {
        func text(_ path: String) throws -> String {
            try String(contentsOfFile: GrafanaDashboard.root + "/" + path, encoding: .utf8)
        }
        let alerts = try text("dashboards/prometheus/easel-alerts.yml")
        let tests = try text("dashboards/prometheus/easel-rules.test.yml")
        let runbooks = try text("docs/runbooks.md")
        let names = Set(alerts.matches(of: #/- alert: (\w+)/#).map { String($0.1) })
        #expect(names.count > 20)
        for name in names {
            #expect(tests.contains("alertname: \(name), exp_alerts: []"), "\(name) is not tested where all is well")
            #expect(tests.contains("alertname: \(name)\n"), "\(name) is not tested where it has to fire")
            #expect(alerts.contains("docs/runbooks.md#\(name.lowercased())\n"), "\(name) has no runbook_url")
            #expect(runbooks.contains("## \(name)\n"), "\(name) is not in docs/runbooks.md")
        }
        for match in runbooks.matches(of: #/\n## (Easel\w+)\n/#) {
            #expect(names.contains(String(match.1)), "docs/runbooks.md has \(match.1), which is no alert")
        }
    }

    @Test func `what a gateway tells is well formed`() async throws {
        try await House.with { house in
            try await EventfulLoad.run(house)
            let metrics = try await house.get("/metrics")
            #expect(metrics.status == 200)
            let checked = try await promtool(["check", "metrics"], input: metrics.body)
            #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
        }
    }

    // MARK: - A real one

    /// A Prometheus on a port of its own that looks every half second.
    private final class Server: Sendable {
        let url: String
        private let child: Child
        private let directory: String

        init(target: String) async throws {
            directory = "/tmp/easel-prometheus-\(UUID().text)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let files = PrometheusTools.ruleFiles.map { "'\($0)'" }.joined(separator: ", ")
            let text = """
                global: { scrape_interval: 500ms, evaluation_interval: 500ms }
                rule_files: [\(files)]
                scrape_configs:
                  - job_name: easel
                    static_configs: [{ targets: ['\(target)'] }]
                """
            try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/prometheus.yml"))
            let port = try await Self.freePort()
            url = "http://127.0.0.1:\(port)"
            child = try Child(
                try #require(PrometheusTools.prometheus),
                [
                    "--config.file=\(directory)/prometheus.yml", "--storage.tsdb.path=\(directory)/data",
                    "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
                ],
                environment: Program.environmentOfTests([:]),
                output: directory + "/out",
                errors: directory + "/errors"
            )
        }

        /// A port that was free a moment ago.
        private static func freePort() async throws -> UInt16 {
            let server = HTTPServer(group: House.group, configuration: HTTPServerConfiguration(), log: .silent) { _ in
                .text("nobody is here", status: 503)
            }
            let port = try server.start()
            await server.drain(grace: .zero)
            return port
        }

        func stop() async {
            kill(child.id, SIGKILL)
            _ = await child.end()
            try? FileManager.default.removeItem(atPath: directory)
        }
    }

    @Test(
        .enabled(if: PrometheusTools.prometheus != nil, "Debian's package prometheus could not be had"),
        .timeLimit(.minutes(4))
    )
    func `a Prometheus reads a gateway and its rules, and an alert fires`() async throws {
        try await House.with { house in
            let poor = try await house.key(team: "poor").key
            let budget: JSONValue = ["scope": "team:poor", "period": "month", "limit_usd": "0.001"]
            let set = try await house.send(
                "PUT",
                "/v1/budgets",
                fields: [("Content-Type", "application/json")],
                body: try JSON.encode(budget)
            )
            #expect(set.status == 200)
            #expect(try await house.remix().status == 200)
            let server = try await Server(target: house.url.replacing("http://", with: ""))
            let result: Result<Void, any Error>
            do {
                try await watch(house, server, poor)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await server.stop()
            try result.get()
        }
    }

    private func watch(_ house: House, _ server: Server, _ poor: String) async throws {
        func ask(_ path: String) async -> JSONValue? {
            try? await house.send("GET", "\(server.url)/api/v1/\(path)", key: nil, timeout: .seconds(5)).json
        }
        /// Asks until the answer is as wanted, for up to a minute.
        func wait(_ path: String, _ isThere: (JSONValue) -> Bool) async throws -> JSONValue {
            var last: JSONValue?
            for _ in 0..<240 {
                last = await ask(path)
                if let last, isThere(last) { return last }
                try await Task.sleep(for: .milliseconds(250))
            }
            Issue.record("\(path) stayed \(String(describing: last))")
            return last ?? .null
        }
        let rules = try await wait("rules") { answer in
            let groups = answer["data"]?["groups"]?.arrayValue ?? []
            return groups.count >= 8
                && groups.allSatisfy { group in
                    (group["rules"]?.arrayValue ?? []).allSatisfy { $0["health"] == "ok" }
                }
        }
        #expect(rules["status"] == "success")
        _ = try await wait("query?query=up%7Bjob%3D%22easel%22%7D%20%3D%3D%201") { answer in
            answer["data"]?["result"]?.arrayValue?.count == 1
        }
        // What the gateway counts is what Prometheus has.
        let calls = try await wait("query?query=sum(easel_calls_total)") { answer in
            answer["data"]?["result"]?.arrayValue?.first?["value"]?.arrayValue?.last == "1"
        }
        #expect(calls["status"] == "success")
        // A counter has to be seen twice before it can rise.
        for _ in 0..<4 {
            #expect(try await house.remix(key: poor).status == 402)
            try await Task.sleep(for: .milliseconds(1500))
        }
        _ = try await wait("alerts") { answer in
            (answer["data"]?["alerts"]?.arrayValue ?? []).contains { alert in
                alert["labels"]?["alertname"] == "EaselBudgetRefusals" && alert["state"] == "firing"
                    && alert["annotations"]?["runbook_url"] == "docs/runbooks.md#easelbudgetrefusals"
            }
        }
    }
}
