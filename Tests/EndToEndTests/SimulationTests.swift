import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

/// `easel route simulate` against calls that a process has just served.
@Suite(.enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct SimulationTests {
    @Test(.timeLimit(.minutes(5)))
    func `the log is replayed against the same policies and against others`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let environment = ["EASEL_URL": served.url, "EASEL_API_KEY": ProgramHouse.adminKey]
            func easel(_ words: [String], input: [UInt8]? = nil) async throws -> Program.Outcome {
                try await Program.run(words, environment: environment, input: input)
            }
            func simulate(_ policy: String, _ more: [String] = []) async throws -> Program.Outcome {
                let file = house.directory + "/policy.yaml"
                try Data(policy.utf8).write(to: URL(fileURLWithPath: file))
                return try await easel(["route", "simulate", "--policy", file] + more)
            }
            func report(_ policy: String) async throws -> SimulationReport {
                let outcome = try await simulate(policy, ["--json", "--since", "24h"])
                #expect(outcome.status == 0, "\(outcome.errors)")
                return try JSON.decode(SimulationReport.self, from: Array(outcome.output.utf8))
            }
            let dated = "price set ideogram ideogram-4.0 0.05 --speed default --from 2026-01-01".split(separator: " ")
                .map(String.init)
            #expect(try await easel(dated).status == 0)
            let source = house.directory + "/harbour.png"
            try Data(SampleImage.bytes()).write(to: URL(fileURLWithPath: source))
            for policy in ["standard", "standard", "standard", "only-ideogram", "only-ideogram"] {
                let remix = try await easel([
                    "remix", source, "-p", "a harbour", "-o", house.directory, "--policy", policy,
                ])
                #expect(remix.status == 0, "\(remix.errors)")
            }

            let configuration = try String(contentsOfFile: house.configuration, encoding: .utf8)
            let start = try #require(configuration.range(of: "routing:"))
            let end = try #require(configuration.range(of: "recovery:"))
            let same = try await report(String(configuration[start.lowerBound..<end.lowerBound]))
            #expect(same.coverage.replayed == 5 && same.choices.samePlan == 5)
            #expect(same.simulated == same.log)
            // Three at Runware's $0.06, two at $0.05.
            #expect(same.log.cost == Money(usd: "0.28") && same.log.succeeded == 5)
            #expect(same.log.firstChoices == ["runware": 3, "ideogram": 2])

            // All at Ideogram, which has delivered all that it was asked for.
            let other = try await report("order: [ideogram]")
            #expect(other.choices.samePlan == 2 && other.choices.sameFirst == 2)
            #expect(other.log.cost == Money(usd: "0.28") && other.simulated.cost == Money(usd: "0.25"))
            #expect(other.simulated.succeeded == 5 && other.simulated.images == 5)
            #expect(other.simulated.firstChoices == ["ideogram": 5])

            let shown = try await simulate("order: [ideogram]")
            #expect(shown.status == 0 && shown.output.contains("replayed 5 of 5 calls"), "\(shown.errors)")
            #expect(shown.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(shown.output)")
            // A policy of its own finds the configured ones.
            #expect(
                try await report("when: [{ match: { count: '> 4' }, use: standard }]\notherwise: only-ideogram\n")
                    .simulated.firstChoices == ["ideogram": 5]
            )
            let wrong = try await simulate("\norders: [ideogram]")
            #expect(wrong.status != 0 && wrong.errors.contains("policy.yaml:2:"), "\(wrong.errors)")
            let piped = try await easel(
                ["route", "simulate", "--policy", "-", "-n", "2"],
                input: Array("prefer: cost".utf8)
            )
            #expect(
                piped.status == 0 && piped.output.contains("a sample of 2, 40.0%"),
                "\(piped.output)\(piped.errors)"
            )
            #expect(await served.terminate() == 0)
        }
    }

    @Test func `a member simulates its own team's calls only, and every fault is named`() async throws {
        try await House.with { house in
            let member = try await house.key(team: "design")
            _ = try await house.remix()
            _ = try await house.remix(key: member.key)
            let policy: JSONValue = ["order": ["runware", "ideogram"]]
            let own = try await house.post("/v1/route/simulate", ["policy": policy], key: member.key)
            let window = try JSON.decode(SimulationReport.self, from: own.body).window
            #expect(own.status == 200 && window.calls == 1 && window.team == "design")
            let foreign = try await house.post(
                "/v1/route/simulate",
                ["policy": policy, "team": "operators"],
                key: member.key
            )
            #expect(foreign.status == 403)
            let all = try await house.post("/v1/route/simulate", ["policy": policy])
            let report = try JSON.decode(SimulationReport.self, from: all.body)
            #expect(report.window.calls == 2 && report.choices.samePlan == 2)
            let faulty = try await house.post(
                "/v1/route/simulate",
                ["policy": ["order": ["ghost"]], "since": "never", "limit": 0, "extra": 1]
            )
            #expect(faulty.status == 400)
            #expect(Set(faulty.faults).isSuperset(of: ["since", "limit", "extra"]) && faulty.faults.count == 4)
            #expect(try await house.post("/v1/route/simulate", ["policy": 5]).faults == ["policy"])
            #expect(try await house.post("/v1/route/simulate", [:]).faults == ["policy"])
        }
    }
}
