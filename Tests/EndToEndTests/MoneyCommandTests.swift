import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

/// `easel budget`, `easel price` and `easel team set`, as people type them.
@Suite(.enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct MoneyCommandTests {
    @Test(.timeLimit(.minutes(5)))
    func `budgets and prices are set, shown, explained and refused`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let environment = ["EASEL_URL": served.url, "EASEL_API_KEY": ProgramHouse.adminKey]
            func easel(_ line: String, more: [String] = []) async throws -> Program.Outcome {
                try await Program.run(line.split(separator: " ").map(String.init) + more, environment: environment)
            }
            let made = try await easel("budget set team:default --limit 0.10 --period day --tz Europe/Berlin")
            #expect(made.status == 0 && made.output.contains("team:default") && made.output.contains("$0.10"))
            #expect(try await easel("budget list --check").status == 0)
            let source = house.directory + "/harbour.png"
            try Data(SampleImage.bytes()).write(to: URL(fileURLWithPath: source))
            let remix = ["remix", source, "-p", "a harbour", "-o", house.directory]
            #expect(try await Program.run(remix, environment: environment).status == 0)
            let warned = try await easel("budget list --check --json")
            #expect(warned.status == 3, "60 of 100 percent: past the threshold of 50")
            let refused = try await Program.run(remix, environment: environment)
            #expect(refused.status == 1 && refused.errors.contains("has $0.04 of $0.10 left"))
            let explained = try await easel("budget explain team:default")
            #expect(explained.output.contains("spent      $0.06, reserved $0.00, left $0.04"))
            #expect(explained.output.contains("newest calls"))
            #expect(try await easel("budget set team:default --limit 0.06 --period day --tz Europe/Berlin").status == 0)
            #expect(try await easel("budget list --check").status == 4)
            let raised = try await easel("budget raise team:default --by 1 --until 2999-01-01")
            #expect(raised.status == 0 && raised.output.contains("$1.06"))
            #expect(try await easel("budget raise team:default --end").status == 0)
            let set = "budget set team:default --period day"
            let soft = try await easel("\(set) --soft --warn-at 70")
            #expect(
                soft.output.contains(
                    "was $0.06, hard, warned at 50%, 80%, 100%, calendar of Europe/Berlin → now $0.06, soft"
                )
            )
            let higher = try await easel("budget set team:default --limit 200")
            #expect(higher.output.contains("now $200.00, soft, warned at 70%, calendar of Europe/Berlin"))
            #expect(try await easel("budget set team:default --limit 200").output.contains("nothing changed"))
            #expect(try await easel("budget set team:default --hard").output.contains("now $200.00, hard"))
            #expect(try await easel("\(set) --hard --soft").status == 2)
            let data = try await easel("budget list --csv")
            let budgets = data.output.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
            #expect(budgets.count == 3 && budgets[2].isEmpty, "\(data.output.debugDescription)")
            #expect(budgets[1].hasPrefix("team:default,day,200,,200,,true,70,Europe/Berlin,"))
            #expect(!data.output.contains("$") && !data.output.contains("█") && !data.output.contains("%"))
            let calls = try await easel("calls list --csv")
            #expect(calls.output.contains(",0.06,provider,") && !calls.output.contains("*"))
            for width in ["80", "120"] {
                let narrow = try await Program.run(
                    ["budget", "list"],
                    environment: environment.merging(["COLUMNS": width]) { $1 }
                )
                #expect(narrow.output.contains("0%"), "the percent at \(width) columns")
                let list = try await Program.run(
                    ["calls", "list"],
                    environment: environment.merging(["COLUMNS": width]) { $1 }
                )
                let ids = try await easel("calls list --json").output.matches(of: #/"id":"([0-9a-f-]{36})"/#).map(\.1)
                #expect(!ids.isEmpty && ids.allSatisfy { list.output.contains($0) }, "ids at \(width) columns")
            }
            let removed = try await easel("budget rm team:default --period day")
            #expect(
                removed.status == 0 && removed.errors.contains("removed the hard day budget of team:default, $200.00")
            )
            let gone = try await easel("budget explain team:default")
            #expect(gone.status == 2 && gone.errors.contains("there is no budget of team:default"))

            let undated = try await easel("price set runware ideogram-4.0 0.05")
            #expect(undated.status == 2 && undated.errors.contains("needs --from"))
            #expect(try await easel("price set runware ideogram-4.0 0.05 --from 2026-12-01").status == 0)
            let file = house.directory + "/prices.csv"
            let lines = """
                provider,model,rendering_speed,usd_per_image,effective_from
                ideogram,ideogram-4.0,turbo,0.031,2026-12-01

                """
            try Data(lines.utf8).write(to: URL(fileURLWithPath: file))
            #expect(try await easel("price import", more: [file]).status == 0)
            let worse = lines + "ideogram,ideogram-4.0,turbo,free,2026-12-01\n"
            try Data(worse.utf8).write(to: URL(fileURLWithPath: file))
            let bad = try await easel("price import", more: [file])
            #expect(bad.status == 2 && bad.errors.contains("prices.csv, line 3: usd_per_image must"), "\(bad.errors)")
            let history = try await easel("price history --csv")
            #expect(history.output.split(whereSeparator: \.isNewline).count == 3)
            #expect(try await easel("price recompute --since 7d").status == 0)
            let team = try await easel("team set default --allow-unpriced true --json")
            #expect(team.output.contains("\"allow_unpriced\":true"))
            #expect(await served.terminate() == 0)
        }
    }
}
