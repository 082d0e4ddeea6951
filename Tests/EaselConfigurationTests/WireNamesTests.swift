import EaselBase
@testable import EaselConfiguration
import Testing

/// Faults of the HTTP interface in the words of the command line, and lines whose parts do not go together.
struct WireNamesTests {
    private static let report = WireNames(known: ["since", "until", "by", "tz", "team", "json"])
    private static let price = WireNames(known: ["PROVIDER", "MODEL", "USD", "from", "speed", "character", "source"])
    private static let raise = WireNames(known: ["BUDGET", "by", "by-images", "from", "until", "period"])

    @Test(arguments: [
        (report, "from", "--since"), (report, "to", "--until"), (report, "group_by", "--by"),
        (report, "timezone", "--tz"), (report, "team", "--team"), (price, "usd_per_image", "USD"),
        (price, "effective_from", "--from"), (price, "rendering_speed", "--speed"), (price, "provider", "PROVIDER"),
        (price, "prices[0].model", "MODEL"), (raise, "by_usd", "--by"), (raise, "by_images", "--by-images"),
        (raise, "from", "--from"), (raise, "until", "--until"), (WireNames(known: ["tag"]), "tags.user", "--tag"),
        (WireNames(known: ["size"]), "height", "--size"), (WireNames(known: ["SCOPE"]), "scope", "SCOPE"),
        (WireNames(known: ["requests-per-minute"]), "requests_per_minute", "--requests-per-minute"),
        (.none, "group_by", "group_by"),
    ])
    func `a parameter has the name that was typed`(_ names: WireNames, _ parameter: String, _ shown: String) {
        #expect(names.sentence(parameter, "is wrong") == "\(shown) is wrong")
    }

    @Test
    func `a message speaks of no URL and of no member`() {
        #expect(
            Self.report.sentence("from", "is not a time; write a time (a + in a URL as %2B), or 7d")
                == "--since is not a time; write a time, or 7d"
        )
        #expect(
            Self.report.sentence("from", "is not before to (b and a); swap them")
                == "--since is not before --until (b and a); swap them"
        )
        #expect(
            Self.raise.sentence("by_images", "cannot be combined with by_usd")
                == "--by-images cannot be combined with --by"
        )
        #expect(
            WireNames(known: ["policy"]).sentence("policy", "is not configured; there are failover")
                == "--policy is not configured; there is only failover"
        )
        #expect(WireNames(known: ["policy"]).sentence("policy", "policy:2:1: order is empty").hasPrefix("--policy: "))
    }

    @Test
    func `an entry of a file is named by its line`() {
        let names = Self.price.placing { "prices.csv, line \([2, 4, 9][$0])" }
        #expect(
            names.sentence("prices[1].usd_per_image", "must be a plain decimal")
                == "prices.csv, line 4: usd_per_image must be a plain decimal"
        )
        #expect(
            names.sentence("prices[2].effective_from", "names the same price as line 0")
                == "prices.csv, line 9: effective_from names the same price as prices.csv, line 2"
        )
        #expect(names.sentence("prices[0]", "must be an object") == "prices.csv, line 2: must be an object")
    }

    // MARK: - Lines

    private static let program = CommandSpec(
        "easel",
        "a program",
        subcommands: [
            CommandSpec(
                "report",
                "figures",
                options: [
                    .flag("json", "JSON").excluding("csv"), .flag("csv", "CSV").excluding("json"),
                    .flag("watch", "again"),
                    .option("interval", ValueSpec("TIME", .duration), "between").needing("watch"),
                    .option("since", ValueSpec("WHEN", .moment(words: ["today"], ago: true)), "from"),
                    .option("expires", ValueSpec("TIME", .moment()), "end"),
                    .option("tz", ValueSpec("ZONE", .zone), "zone"),
                    .option("by", ValueSpec("LIST", .list(["team", "day", "tag:NAME"])), "groups"),
                    .option("tag", ValueSpec("K=V", .pair), repeatable: true, "a tag"),
                    .flag("end", "end it").excluding("since"),
                ],
                examples: ["easel report"]
            )
        ],
        examples: ["easel report"]
    )

    private static let moments = "a date such as 2026-11-01, a time such as 2026-11-01T00:00:00Z"

    static let wrong: [(words: [String], message: String)] = [
        (["--json", "--csv"], "--json and --csv do not go together; leave one out"),
        (["--end", "--since", "7d"], "--end and --since do not go together; leave one out"),
        (["--interval", "2s"], "--interval has no effect without --watch"),
        (["--tag", "x=1", "--tag", "y=1", "--tag", "x=2"], "--tag names x twice; it has one value"),
        (
            ["--since", "2026-13-01"],
            "--since wants \(moments), 7d or 24h for that long ago or today, not \"2026-13-01\""
        ),
        (["--since", "-5"], "--since wants"), (["--since", "now"], "--since wants"),
        (
            ["--expires", "7d"],
            "--expires wants a date such as 2026-11-01 or a time such as 2026-11-01T00:00:00Z, not \"7d\""
        ),
        (["--tz", "Mars/Olympus"], "--tz wants UTC or a time zone such as Europe/Berlin, not \"Mars/Olympus\""),
        (["--by", "team,colour"], "--by wants names with commas, of team, day, tag:NAME, not \"team,colour\""),
        (["--by", "tag:"], "--by wants"), (["--by", "team,"], "--by wants"),
    ]

    @Test(arguments: wrong)
    func `what cannot mean anything is refused`(_ words: [String], _ message: String) {
        let error = #expect(throws: UsageError.self) { try ArgumentParser(Self.program).parse(["report"] + words) }
        #expect(error?.message.hasPrefix(message) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        ["--watch", "--interval", "2s", "--json"], ["--tag", "x=1", "--tag", "y=1"], ["--since", "today"],
        ["--since", "24h"], ["--since", "2026-11-01"], ["--expires", "2026-11-01T10:00:00+02:00"], ["--by", ""],
        ["--by", "team,tag:user,day"], ["--tz", "Europe/Berlin"],
    ])
    func `what means something is taken`(_ words: [String]) throws {
        guard case .run = try ArgumentParser(Self.program).parse(["report"] + words) else {
            Issue.record("help was not asked for")
            return
        }
    }
}
