import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

@testable import EaselLedger

/// A log of many kinds of calls, spread over a few days.
struct RandomLog {
    var random: SeededRandom
    let teams: [Int64]
    let keys = (0..<3).map { _ in UUID() }
    /// Ends in the past, so that every hour and day is over.
    let from: Timestamp
    let days = 6

    init(seed: UInt64, teams: [Int64]) throws {
        random = SeededRandom(seed: seed)
        self.teams = teams
        from = try #require(Timestamp("2026-03-27T20:00:00Z"))
    }

    mutating func call() -> (Admission, Settlement) {
        func one(in chances: Int) -> Bool { Int.random(in: 1...chances, using: &random) == 1 }
        let moment = from + .milliseconds(Int.random(in: 0..<days * 86_400_000, using: &random))
        let images = Int.random(in: 1...3, using: &random)
        let admission = Sample.admission(
            teamID: teams.randomElement(using: &random) ?? 0,
            at: moment,
            keyID: keys.randomElement(using: &random) ?? UUID(),
            project: one(in: 3) ? nil : ["spring", "autumn"].randomElement(using: &random),
            tags: one(in: 3) ? [:] : ["campaign": one(in: 2) ? "a" : "b", "stage": "draft"],
            model: RemixModel.allCases.randomElement(using: &random) ?? .ideogram4,
            provider: one(in: 2) ? "runware" : "ideogram",
            images: images
        )
        var ends: [AttemptEnd] = []
        let first = admission.attempts[0]
        let failsOver = one(in: 4)
        let cost = one(in: 9) ? nil : Money(nanodollars: Int64.random(in: 0...90_000_000, using: &random))
        let outcomes: [AttemptOutcome] = [.succeeded, .succeeded, .partial, .refused, .failed, .unknown]
        let outcome = failsOver ? .failed : outcomes.randomElement(using: &random) ?? .succeeded
        let basis: CostBasis = one(in: 2) ? .provider : .priceBook
        ends.append(
            Sample.end(first, outcome: outcome, cost: outcome == .unknown ? nil : cost, basis: basis, images: images)
        )
        if failsOver {
            let second = Sample.start(
                callID: admission.callID,
                teamID: admission.teamID,
                at: moment + .seconds(1),
                ordinal: 2,
                provider: first.provider == "runware" ? "ideogram" : "runware"
            )
            ends.append(Sample.end(second, cost: Money(nanodollars: 60_000_000), basis: basis, images: images))
        }
        let last = ends[ends.count - 1]
        let isDelivered = [.succeeded, .partial].contains(last.outcome)
        let records =
            isDelivered
            ? (1...images).map { ordinal in
                Sample.image(
                    admission,
                    attempt: last.start,
                    ordinal: ordinal,
                    nsfw: one(in: 3) ? nil : one(in: 4),
                    copyright: [.notRequested, .clear, .flagged, .undetermined].randomElement(using: &random) ?? .clear,
                    withheld: last.outcome == .partial && ordinal == 1
                )
            } : []
        let status: CallStatus =
            switch last.outcome {
            case .succeeded: .succeeded
            case .partial: .partial
            case .refused: .refused
            default: .failed
            }
        let settlement = Sample.settlement(
            admission,
            attempts: ends,
            images: records,
            status: status,
            provider: isDelivered ? last.start.provider : nil,
            latency: .milliseconds(Int.random(in: 1...100_000, using: &random)),
            failover: failsOver,
            failoverCost: failsOver ? ends[0].cost : nil
        )
        return (admission, settlement)
    }

    /// A question about it, with edges of every kind.
    mutating func query() -> UsageQuery {
        let groups: [UsageQuery.Dimension] = [.team, .provider, .model, .project, .key, .day, .hour, .tag("campaign")]
        let chosen = groups.filter { _ in Int.random(in: 1...4, using: &random) == 1 }
        let grains = [1, 60_000, 3_600_000, 86_400_000]
        func moment(_ range: Range<Int>) -> Timestamp {
            let grain = grains.randomElement(using: &random) ?? 1
            let offset = Int.random(in: range, using: &random)
            let base = from.millisecondsSince1970 + Int64(offset)
            return Timestamp(microseconds: (base - base % Int64(grain)) * 1000)
        }
        let half = days * 43_200_000
        // Whole months, whose borders lie in the log: the first of April is in it.
        let isOfMonths = Int.random(in: 1...3, using: &random) == 1
        let months = ["2026-02-01", "2026-03-01", "2026-03-31T22:00:00Z", "2026-04-01", "2026-05-01", "2026-06-01"]
            .compactMap { Timestamp($0) }
        let first = Int.random(in: 0..<4, using: &random)
        let start = moment(-86_400_000..<half)
        let end = moment(half + 86_400_000..<days * 86_400_000 + 172_800_000)
        return UsageQuery(
            from: isOfMonths ? months[first] : start,
            to: isOfMonths ? months[Int.random(in: first + 1..<6, using: &random)] : end,
            timezone: ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"].randomElement(using: &random)
                ?? "UTC",
            groupBy: chosen,
            teamID: Int.random(in: 1...3, using: &random) == 1 ? teams[0] : nil
        )
    }
}
