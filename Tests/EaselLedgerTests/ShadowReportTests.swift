import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// The comparison of shadows with the first requests of their calls.
@Suite struct ShadowReportTests {
    private func query(_ now: Timestamp, policy: String? = nil, teamID: Int64? = nil) -> ShadowQuery {
        ShadowQuery(from: now - .seconds(60), to: now + .seconds(60), policy: policy, teamID: teamID)
    }

    @Test func `both sides are counted by the same rules`() async throws {
        try await withLedger { ledger, _ in
            let now = Sample.now
            // Two that are over, one failed over and one still under way.
            for number in 0..<2 {
                let admission = Sample.admission(at: now + .milliseconds(Int64(number)), images: 2)
                try await ledger.take(admission)
                let start = ShadowScene.start(admission, asked: 2)
                #expect(try await ledger.startShadow(start))
                try await ledger.endShadow(
                    ShadowScene.end(start, cost: Money(nanodollars: 90_000_000), images: 2, total: .milliseconds(3000))
                    {
                        $0.nsfw = 1
                        $0.nsfwChecked = 2
                        $0.withheld = 1
                        $0.copyrightChecked = 2
                        $0.copyrightFlagged = 1
                        $0.copyrightUndetermined = 1
                    }
                )
                try await ledger.settle(Sample.settlement(admission))
            }
            let failing = Sample.admission(at: now + .milliseconds(5))
            try await ledger.take(failing)
            let lost = ShadowScene.start(failing)
            #expect(try await ledger.startShadow(lost))
            try await ledger.endShadow(ShadowScene.end(lost, outcome: .unknown, cost: nil, basis: .unknown, images: 0))
            let second = Sample.start(
                callID: failing.callID,
                teamID: 1,
                at: failing.receivedAt + .milliseconds(50),
                ordinal: 2,
                provider: "ideogram"
            )
            let failed = Sample.end(failing.attempts[0], outcome: .failed, cost: .zero, basis: .priceBook, images: 0)
            try await ledger.startAttempts([second], ended: [failed])
            try await ledger.settle(
                Sample.settlement(
                    failing,
                    attempts: [failed, Sample.end(second)],
                    images: [Sample.image(failing, attempt: second)],
                    provider: "ideogram",
                    failover: true
                )
            )
            let open = Sample.admission(at: now + .milliseconds(7))
            try await ledger.take(open)
            #expect(try await ledger.startShadow(ShadowScene.start(open)))

            let report = try await ledger.shadowReport(query(now))
            let row = try #require(report.rows.first)
            #expect(report.rows.count == 1)
            #expect(row.policy == "failover")
            #expect(row.primaryProvider == "runware", "the first that was asked, not the one that delivered")
            #expect(row.shadowProvider == "ideogram")
            #expect(row.compared == 3)
            #expect(row.pending == 1)

            #expect(row.shadow[.succeeded] == 2)
            #expect(row.shadow[.unknown] == 1)
            #expect(row.shadow[.images] == 2)
            #expect(row.shadow[.withheld] == 2)
            #expect(row.shadow[.imagesAsked] == 5)
            #expect(row.shadow[money: .cost] == Money(nanodollars: 180_000_000))
            #expect(row.shadow[.unpriced] == 1)
            #expect(row.shadow[money: .costPerImage] == Money(nanodollars: 90_000_000))
            #expect(row.shadow[.nsfwImages] == 2)
            #expect(row.shadow[.nsfwChecked] == 4)
            #expect(row.shadow[.copyrightChecked] == 4)
            #expect(row.shadow[.copyrightFlagged] == 2)
            #expect(row.shadow[.copyrightUndetermined] == 2)
            #expect(row.shadow[.p50] == 3000)

            #expect(row.primary[.succeeded] == 2)
            #expect(row.primary[.failed] == 1)
            #expect(row.primary[.images] == 2)
            #expect(row.primary[money: .cost] == Money(nanodollars: 120_000_000))
            #expect(row.primary[money: .estimated] == .zero)
            #expect(row.primary[money: .costPerImage] == Money(nanodollars: 60_000_000))
            #expect(row.primary[.nsfwChecked] == 2)
            #expect(row.primary[.copyrightChecked] == 2)
            #expect(row.primary[.p99] == 2100, "of requests that delivered")
        }
    }

    @Test func `a cost that nobody knows is no zero`() async throws {
        try await withLedger { ledger, _ in
            let now = Sample.now
            let admission = Sample.admission(at: now)
            try await ledger.take(admission)
            let start = ShadowScene.start(admission)
            #expect(try await ledger.startShadow(start))
            try await ledger.endShadow(ShadowScene.end(start, outcome: .unknown, cost: nil, basis: .unknown, images: 0))
            try await ledger.settle(Sample.settlement(admission))
            let side = try #require(try await ledger.shadowReport(query(now)).rows.first).shadow
            #expect(side[money: .cost] == nil)
            #expect(side[money: .costPerImage] == nil)
            #expect(side[.unpriced] == 1)
            #expect(side[.p50] == nil)
        }
    }

    @Test func `teams, policies and times are told apart, and one that was not sent is no comparison`() async throws {
        try await withLedger { ledger, _ in
            let now = Sample.now
            let own = try await ledger.createTeam(name: "own", at: now)
            let other = try await ledger.createTeam(name: "other", at: now)
            let mine = Sample.admission(teamID: own.id, at: now)
            let theirs = Sample.admission(teamID: other.id, at: now)
            let early = Sample.admission(teamID: own.id, at: now - .seconds(61))
            let unsent = Sample.admission(teamID: own.id, at: now)
            for admission in [mine, theirs, early, unsent] { try await ledger.take(admission) }
            for admission in [mine, early] { #expect(try await ledger.startShadow(ShadowScene.start(admission))) }
            #expect(try await ledger.startShadow(ShadowScene.start(theirs, policy: "dear")))
            let start = ShadowScene.start(unsent)
            #expect(try await ledger.startShadow(start))
            try await ledger.endShadow(
                ShadowScene.end(start, outcome: .failed, cost: .zero, errorCode: ShadowEnd.neverSent)
            )
            #expect(try await ledger.shadowReport(query(now)).rows.map(\.policy) == ["dear", "failover"])
            #expect(try await ledger.shadowReport(query(now)).rows.map(\.pending) == [1, 1])
            #expect(try await ledger.shadowReport(query(now, policy: "dear")).rows.map(\.policy) == ["dear"])
            #expect(try await ledger.shadowReport(query(now, teamID: own.id)).rows.map(\.policy) == ["failover"])
        }
    }
}
