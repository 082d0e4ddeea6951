import EaselBase
import EaselCore
import EaselLedger
import Foundation
import TestKit
import Testing

@Suite struct UsageTests {
    private let usd6 = Money(nanodollars: 60_000_000)

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

    private func query(
        _ from: String,
        _ to: String,
        _ groupBy: [UsageQuery.Dimension] = [],
        zone: String = "UTC",
        teamID: Int64? = nil
    ) throws -> UsageQuery {
        UsageQuery(from: try time(from), to: try time(to), timezone: zone, groupBy: groupBy, teamID: teamID)
    }

    @Test func `figures are those of hand-made rows, and every grouping adds up`() async throws {
        try await withLedger { ledger, _ in
            let design = try await ledger.createTeam(name: "design", at: Sample.now)
            let games = try await ledger.createTeam(name: "games", at: Sample.now)

            // A plain success.
            let one = Sample.admission(teamID: design.id, at: try time("2026-02-03T10:15:00Z"))
            try await ledger.take(one)
            try await ledger.settle(Sample.settlement(one, latency: .milliseconds(100)))

            // Failed over from runware, which charged, to ideogram, which is estimated; one image withheld.
            let two = Sample.admission(
                teamID: design.id,
                at: try time("2026-02-03T23:30:00Z"),
                tags: ["campaign": "summer"],
                images: 2
            )
            try await ledger.take(two)
            let second = Sample.start(
                callID: two.callID,
                teamID: design.id,
                at: two.receivedAt + .seconds(1),
                ordinal: 2,
                provider: "ideogram"
            )
            try await ledger.settle(
                Sample.settlement(
                    two,
                    attempts: [
                        Sample.end(two.attempts[0], outcome: .failed, cost: Money(nanodollars: 30_000_000), images: 0),
                        Sample.end(second, outcome: .partial, cost: Money(nanodollars: 120_000_000), basis: .priceBook),
                    ],
                    images: [
                        Sample.image(two, attempt: second, ordinal: 1, nsfw: false, copyright: .clear),
                        Sample.image(
                            two,
                            attempt: second,
                            ordinal: 2,
                            nsfw: true,
                            copyright: .undetermined,
                            withheld: true
                        ),
                    ],
                    status: .partial,
                    provider: "ideogram",
                    latency: .milliseconds(200),
                    failover: true,
                    failoverCost: Money(nanodollars: 30_000_000)
                )
            )

            // Failed with an unknown attempt at ideogram; without project.
            let three = Sample.admission(
                teamID: games.id,
                at: try time("2026-02-04T05:00:00Z"),
                project: nil,
                tags: [:],
                model: .ideogram3,
                provider: "ideogram"
            )
            try await ledger.take(three)
            try await ledger.settle(
                Sample.settlement(
                    three,
                    attempts: [Sample.end(three.attempts[0], outcome: .unknown, cost: nil, basis: .unknown, images: 0)],
                    images: [],
                    status: .failed,
                    provider: nil,
                    latency: .milliseconds(900)
                )
            )

            // In progress: not counted.
            try await ledger.take(Sample.admission(teamID: games.id, at: try time("2026-02-04T06:00:00Z")))

            let window = ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")
            let report = try await ledger.usage(try query(window.0, window.1))
            var totals = UsageFigures()
            totals[.calls] = 3
            totals[.succeeded] = 1
            totals[.partial] = 1
            totals[.failed] = 1
            totals[.images] = 2
            totals[money: .cost] = Money(nanodollars: 210_000_000)
            totals[money: .estimated] = Money(nanodollars: 120_000_000)
            totals[.failovers] = 1
            totals[money: .failoverCost] = Money(nanodollars: 30_000_000)
            totals[.nsfwImages] = 1
            totals[.copyrightChecked] = 3
            totals[.copyrightUndetermined] = 1
            totals[.imagesReturned] = 3
            totals[.withheld] = 1
            totals[.nsfwClear] = report.totals[.nsfwClear]
            totals[.unknownAttempts] = 1
            for latency in [100, 200, 900] { totals.latency.add(latency) }
            totals.readPercentiles()
            #expect(report.totals == totals)
            #expect(report.rows == [])
            #expect(report.dataQuality.unknownAttempts == 1)
            // It has an upper bound: unknown, but not unpriced.
            #expect(report.dataQuality.unpricedAttempts == 0)

            let byProvider = try await ledger.usage(try query(window.0, window.1, [.provider]))
            #expect(byProvider.rows.map(\.group) == [["ideogram"], ["runware"]])
            #expect(byProvider.rows.map(\.figures.calls) == [2, 1])
            #expect(byProvider.rows.map(\.figures.cost.nanodollars) == [120_000_000, 90_000_000])
            #expect(byProvider.rows.map(\.figures.images) == [1, 1])

            let byTeam = try await ledger.usage(try query(window.0, window.1, [.team, .model]))
            #expect(byTeam.rows.map(\.group) == [["design", "ideogram-4.0"], ["games", "ideogram-3.0"]])
            let byProject = try await ledger.usage(try query(window.0, window.1, [.project]))
            #expect(byProject.rows.map(\.group) == [["spring"], [nil]])
            let byTag = try await ledger.usage(try query(window.0, window.1, [.tag("campaign")]))
            #expect(byTag.rows.map(\.group) == [["spring"], ["summer"], [nil]])
            let byKey = try await ledger.usage(try query(window.0, window.1, [.key]))
            #expect(Set(byKey.rows.map { $0.group[0] }) == Set([one, two, three].map { $0.keyID.text }))

            for report in [byProvider, byTeam, byProject, byTag, byKey] {
                #expect(report.totals == totals)
                #expect(report.rows.map(\.figures.cost).reduce(.zero, +) == totals.cost)
                #expect(report.rows.map(\.figures.calls).reduce(0, +) == totals.calls)
                #expect(report.rows.map(\.figures.nsfwImages).reduce(0, +) == totals.nsfwImages)
            }
            let own = try await ledger.usage(try query(window.0, window.1, [.team], teamID: games.id))
            #expect(own.rows.map(\.group) == [["games"]])
            #expect(own.totals.calls == 1)

            // 23:30 UTC is the next day in Berlin, and the third call's day everywhere but in Los Angeles.
            func days(_ zone: String) async throws -> [[String?]] {
                try await ledger.usage(try query(window.0, window.1, [.day], zone: zone)).rows.map(\.group)
            }
            #expect(try await days("UTC") == [["2026-02-03"], ["2026-02-04"]])
            #expect(try await days("Europe/Berlin") == [["2026-02-03"], ["2026-02-04"]])
            #expect(try await days("America/Los_Angeles") == [["2026-02-03"]])
            let berlin = try await ledger.usage(try query(window.0, window.1, [.day], zone: "Europe/Berlin"))
            #expect(berlin.rows.map(\.figures.calls) == [1, 2])

            // Attempts that succeeded, with the speed that the call asked for.
            let recent = try await ledger.recentDurations(since: try time("2026-02-01T00:00:00Z"), limit: 10)
            #expect(recent.allSatisfy { $0.speed == .default && Set($0.durations) == [.milliseconds(2100)] })
            #expect(recent.contains { $0.provider == "runware" && !$0.durations.isEmpty })
            #expect(try await ledger.recentDurations(since: try time("2026-03-01T00:00:00Z"), limit: 10) == [])

            let spend = try await ledger.providerSpend(since: try time("2026-02-03T12:00:00Z"))
            #expect(spend["ideogram"] == Money(nanodollars: 120_000_000))
            #expect(spend["runware"] == Money(nanodollars: 30_000_000))
        }
    }

    @Test func `hours are told apart in the night the clock goes back, and begin at half past where they do`()
        async throws
    {
        try await withLedger { ledger, _ in
            for text in ["2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"] {
                let admission = Sample.admission(at: try time(text))
                try await ledger.take(admission)
                try await ledger.settle(Sample.settlement(admission))
            }
            func hours(_ zone: String) async throws -> [[String?]] {
                let query = try query("2025-10-25T00:00:00Z", "2025-10-27T00:00:00Z", [.hour], zone: zone)
                return try await ledger.usage(query).rows.map(\.group)
            }
            #expect(try await hours("Europe/Berlin") == [["2025-10-26T00:00:00Z"], ["2025-10-26T01:00:00Z"]])
            #expect(try await hours("Asia/Kolkata") == [["2025-10-26T00:30:00Z"], ["2025-10-26T01:30:00Z"]])
        }
    }

    @Test func `an unknown time zone is refused in a sentence`() async throws {
        try await withLedger { ledger, _ in
            let query = try query("2026-01-01", "2026-02-01", zone: "Mars/Olympus")
            let error = await failure { () async throws(LedgerError) in _ = try await ledger.usage(query) }
            #expect(
                error
                    == .rejected(
                        "there is no time zone named Mars/Olympus; IANA names such as Europe/Berlin are known"
                    )
            )
        }
    }

    @Test func `a sent attempt without a price is counted as unpriced, a window without calls is all zero`()
        async throws
    {
        try await withLedger { ledger, _ in
            let empty = try await ledger.usage(try query("2026-05-01", "2026-06-01", [.team, .provider, .hour]))
            #expect(empty.totals == UsageFigures())
            #expect(empty.rows == [])

            let admission = Sample.admission(at: try time("2026-05-05T00:00:00Z"))
            try await ledger.take(admission)
            try await ledger.settle(
                Sample.settlement(
                    admission,
                    attempts: [Sample.end(admission.attempts[0], cost: nil, basis: .priceBook)]
                )
            )
            let report = try await ledger.usage(try query("2026-05-01", "2026-06-01"))
            #expect(report.dataQuality.unpricedAttempts == 1)
            #expect(report.dataQuality.unknownAttempts == 0)
            #expect(report.totals.cost == .zero)
        }
    }
}
