import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

/// The reports that people read, against a running process with its reporting daemon.
@Suite(.enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct ReportCommandTests {
    private static let names = ["usage", "latency", "safety", "failover", "providers", "budgets", "diff", "top"]

    @Test(.timeLimit(.minutes(4)))
    func `every report in every form, exit codes for scripts, calls as they end, prompts taken out`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let environment = ["EASEL_URL": served.url, "EASEL_API_KEY": ProgramHouse.adminKey, "COLUMNS": "100"]
            func easel(_ arguments: [String], input: [UInt8]? = nil) async throws -> Program.Outcome {
                try await Program.run(arguments, environment: environment, input: input)
            }
            let out = house.directory + "/out"
            for number in 1...3 {
                let remixed = try await easel(
                    ["remix", "-", "-p", "a harbour", "-o", out, "--tag", "user=\(number)", "--project", "spring"],
                    input: SampleImage.bytes(.jpg)
                )
                #expect(remixed.status == 0, "\(remixed.errors)")
            }
            let budget = try await easel(["budget", "set", "org", "--limit", "0.05"])
            #expect(budget.status == 0, "\(budget.errors)")
            for name in Self.names {
                for form in [[], ["--json"], ["--csv"], ["--md"], ["--ndjson"]] {
                    let shown = try await easel(["report", name] + form)
                    #expect(shown.status == 0 && !shown.output.isEmpty, "\(name) \(form): \(shown.errors)")
                    if form == ["--json"] {
                        #expect((try? JSON.decode(JSONValue.self, from: Array(shown.output.utf8)))?["rows"] != nil)
                    }
                }
                if name != "usage" {
                    let defined = try await easel(["report", name, "--define"])
                    #expect(defined.status == 0 && defined.output.split(separator: "\n").count > 5, "\(name)")
                }
            }
            let usage = try await easel(["report", "usage", "--by", "project", "--check"])
            #expect(usage.status == 0 && usage.output.contains("spring"), "\(usage.output)\(usage.errors)")
            let warned = try await easel(["report", "budgets", "--check"])
            #expect(warned.status == 4, "\(warned.status): \(warned.output)")
            let focus = try await easel(["report", "usage", "--focus"])
            #expect(focus.output.hasPrefix("BilledCost,") && focus.output.contains("Generative AI"), "\(focus.output)")
            let twice = try await easel(["report", "usage", "--focus", "--by", "team"])
            #expect(twice.status == 2)

            // Wrong questions are answered in sentences.
            for (arguments, word) in [
                (["report", "latency", "--by", "colour"], "colour"),
                (["report", "failover", "--by", "project"], "project"),
                (["report", "safety", "--since", "2026-05-01", "--until", "2026-04-01"], "before"),
                (["report", "top", "--tz", "Mars/Olympus"], "time zone"), (["report", "diff", "--by", "day"], "day"),
            ] {
                let refused = try await easel(arguments)
                #expect(refused.status != 0 && refused.errors.contains(word), "\(arguments): \(refused.errors)")
            }

            let none = try await easel(["calls", "redact"])
            #expect(none.status == 2 && none.errors.contains("whose prompts"), "\(none.errors)")
            let redacted = try await easel(["calls", "redact", "--tag", "user=2"])
            #expect(
                redacted.status == 0 && redacted.output.contains("of 1 call\n"),
                "\(redacted.output)\(redacted.errors)"
            )

            // What is rolled up says the same, and adds up.
            let before = try await easel(["report", "usage", "--by", "team,provider,model", "--csv"])
            try await Task.sleep(for: .seconds(3))
            let after = try await easel(["report", "usage", "--by", "team,provider,model", "--csv"])
            #expect(before.output == after.output)
            let verified = try await Program.run(["db", "verify", "--config", house.configuration])
            #expect(verified.status == 0, "\(verified.output)")
            #expect(await served.terminate() == 0)
        }
    }
}
