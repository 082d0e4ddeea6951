import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

@Suite struct CallTests {
    @Test func `a call is admitted, settled and read back whole`() async throws {
        try await withLedger { ledger, _ in
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            let admission = Sample.admission(teamID: team.id)
            try await ledger.take(admission)

            let open = try #require(try await ledger.call(admission.callID, teamID: team.id))
            #expect(open.status == .inProgress)
            #expect(open.receivedAt == admission.receivedAt)
            #expect(open.prompt == "a fox in the snow")
            #expect(open.plan == admission.plan.value)
            #expect(open.tags == ["campaign": "spring"])
            #expect(open.attempts.map(\.outcome) == [.pending])
            #expect(open.attempts.first?.taskID == admission.attempts[0].taskID.text)

            let settlement = Sample.settlement(admission)
            try await ledger.settle(settlement)
            let call = try #require(try await ledger.call(admission.callID, teamID: team.id))
            #expect(call.status == .succeeded)
            #expect(call.team == "design")
            #expect(call.provider == "runware")
            #expect(call.cost == Money(nanodollars: 60_000_000))
            #expect(call.latencyMs == 2300)
            #expect(call.attempts.map(\.outcome) == [.succeeded])
            #expect(call.attempts.first?.totalMs == 2100)
            #expect(call.attempts.first?.phases == PhaseTimings(connect: .microseconds(1500)))
            #expect(call.images == settlement.images)
            #expect(call.translation == settlement.translation)
            #expect(try await ledger.call(admission.callID, teamID: team.id + 1)?.callID == nil)
            #expect(try await ledger.call(UUID(), teamID: nil)?.callID == nil)
        }
    }

    @Test func `every write may be repeated`() async throws {
        try await withLedger { ledger, database in
            let admission = Sample.admission()
            try await ledger.take(admission)
            try await ledger.take(admission)
            let second = Sample.start(
                callID: admission.callID,
                teamID: 1,
                at: admission.receivedAt + .seconds(1),
                ordinal: 2,
                provider: "ideogram"
            )
            let first = Sample.end(admission.attempts[0], outcome: .failed, cost: .zero, images: 0)
            for _ in 0..<2 { try await ledger.startAttempts([second], ended: [first]) }
            try await ledger.noteProviderTask(second, providerTaskID: "gen-7")
            let settlement = Sample.settlement(
                admission,
                attempts: [first, Sample.end(second)],
                images: [Sample.image(admission, attempt: second)],
                provider: "ideogram",
                failover: true,
                failoverCost: .zero
            )
            for _ in 0..<2 { try await ledger.settle(settlement) }
            // What comes late must not undo the settlement.
            try await ledger.take(admission)
            try await ledger.startAttempts([second], ended: [first])

            #expect(try await Database.number(database, "SELECT count(*) FROM calls") == 1)
            #expect(try await Database.number(database, "SELECT count(*) FROM attempts") == 2)
            #expect(try await Database.number(database, "SELECT count(*) FROM images") == 1)
            let outcomes = try await Database.query(database, "SELECT outcome FROM attempts ORDER BY ordinal")
            #expect(outcomes == [[.text("failed")], [.text("succeeded")]])
            // The settlement brings no provider id, and does not lose the one that was noted.
            let ids = try await Database.query(database, "SELECT provider_task_id FROM attempts ORDER BY ordinal")
            #expect(ids == [[.text(nil)], [.text("gen-7")]])
            #expect(try await Database.number(database, "SELECT count(*) FROM reservations") == 0)
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])
        }
    }

    @Test func `the last settlement wins whatever the order of arrival`() async throws {
        try await withLedger { ledger, database in
            _ = try await ledger.createTeam(name: "first", at: Sample.now)
            let admission = Sample.admission()
            try await ledger.take(admission)
            let unknown = Sample.settlement(
                admission,
                attempts: [Sample.end(admission.attempts[0], outcome: .unknown, cost: nil, basis: .unknown, images: 0)],
                images: [],
                status: .failed,
                provider: nil
            )
            try await ledger.settle(unknown)
            // M7: what is unknown holds its money back.
            let held = try await Database.query(database, "SELECT reason, amount_nusd FROM reservations")
            #expect(held == [[.text("unknown_attempt"), .int(60_000_000)]])
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])

            let resolved = Sample.settlement(admission, settledAfter: .seconds(90))
            try await ledger.settle(resolved)
            try await ledger.settle(unknown)
            let call = try #require(try await ledger.call(admission.callID, teamID: nil))
            #expect(call.status == .succeeded)
            #expect(call.attempts.map(\.outcome) == [.succeeded])
            #expect(call.images == resolved.images)
            #expect(try await Database.number(database, "SELECT count(*) FROM reservations") == 0)

            // A newer settlement replaces the images of the older one.
            let again = Sample.settlement(admission, settledAfter: .seconds(120))
            try await ledger.settle(again)
            #expect(try await ledger.call(admission.callID, teamID: nil)?.images == again.images)
        }
    }

    @Test func `an attempt is on record with its task, as the provider will know it, before it is sent (M4)`()
        async throws
    {
        try await withLedger { ledger, database in
            let admission = Sample.admission(providerTaskID: "task-1")
            try await ledger.take(admission)
            let second = Sample.start(
                callID: admission.callID,
                teamID: 1,
                at: admission.receivedAt + .seconds(1),
                ordinal: 2,
                providerTaskID: "task-2"
            )
            let third = Sample.start(
                callID: admission.callID,
                teamID: 1,
                at: admission.receivedAt + .seconds(2),
                ordinal: 3
            )
            try await ledger.startAttempts([second, third], ended: [])
            func ids() async throws -> [[SQLValue]] {
                try await Database.query(database, "SELECT provider_task_id FROM attempts ORDER BY ordinal")
            }
            #expect(try await ids() == [[.text("task-1")], [.text("task-2")], [.text(nil)]])

            // A name that is known is not exchanged for another one, nor lost by an end that brings none.
            try await ledger.noteProviderTask(second, providerTaskID: "late")
            try await ledger.noteProviderTask(third, providerTaskID: "task-3")
            try await ledger.startAttempts([second], ended: [])
            let ends = [admission.attempts[0], second, third].map {
                Sample.end($0, outcome: .failed, cost: .zero, images: 0)
            }
            try await ledger.settle(
                Sample.settlement(admission, attempts: ends, images: [], status: .failed, provider: nil)
            )
            #expect(try await ids() == [[.text("task-1")], [.text("task-2")], [.text("task-3")]])
        }
    }

    @Test func `the translation of the admission stands unless the settlement brings another`() async throws {
        try await withLedger { ledger, _ in
            _ = try await ledger.createTeam(name: "first", at: Sample.now)
            let planned = [
                TranslationEntry(.prompt, "positivePrompt", .mapped),
                TranslationEntry(.seed, nil, .dropped, "Runware's remix models accept no seed"),
            ]
            func translation(_ settled: [TranslationEntry]?) async throws -> [[TranslationEntry]] {
                let admission = Sample.admission(translation: planned)
                try await ledger.take(admission)
                let before = try #require(try await ledger.call(admission.callID, teamID: nil))
                try await ledger.settle(Sample.settlement(admission, translation: settled))
                let after = try #require(try await ledger.call(admission.callID, teamID: nil))
                return [before.translation, after.translation]
            }
            #expect(try await translation(nil) == [planned, planned])
            let other = [TranslationEntry(.strength, "image_weight", .approximated, "sent as 60 of 100")]
            #expect(try await translation(other) == [planned, other])
            #expect(try await translation([]) == [planned, []])
        }
    }

    @Test func `a settlement that names the last attempts only counts all of them`() async throws {
        try await withLedger { ledger, _ in
            _ = try await ledger.createTeam(name: "first", at: Sample.now)
            let admission = Sample.admission()
            try await ledger.take(admission)
            let second = Sample.start(
                callID: admission.callID,
                teamID: 1,
                at: admission.receivedAt + .seconds(1),
                ordinal: 2,
                provider: "ideogram"
            )
            let first = Sample.end(admission.attempts[0], outcome: .failed, cost: .zero, basis: .priceBook, images: 0)
            try await ledger.startAttempts([second], ended: [first])
            let settlement = Sample.settlement(
                admission,
                attempts: [Sample.end(second)],
                images: [Sample.image(admission, attempt: second)],
                provider: "ideogram",
                failover: true,
                attemptCount: 2
            )
            #expect(settlement.attemptCount == 2 && Sample.settlement(admission).attemptCount == 1)
            try await ledger.settle(settlement)
            let call = try #require(try await ledger.call(admission.callID, teamID: nil))
            #expect(call.attemptCount == 2 && call.attempts.map(\.outcome) == [.failed, .succeeded])
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])
        }
    }

    /// The contract of `settle`: what stays reserved is told by the settlement's own attempts, so a caller names every
    /// unknown one, those on record from before too.
    @Test func `an unknown attempt keeps its money when the settlement names it (M7)`() async throws {
        for isNamed in [true, false] {
            try await withLedger { ledger, database in
                let admission = Sample.admission()
                try await ledger.take(admission)
                let second = Sample.start(
                    callID: admission.callID,
                    teamID: 1,
                    at: admission.receivedAt + .seconds(1),
                    ordinal: 2,
                    provider: "ideogram"
                )
                let first = Sample.end(admission.attempts[0], outcome: .unknown, cost: nil, basis: .unknown, images: 0)
                try await ledger.startAttempts([second], ended: [first])
                try await ledger.settle(
                    Sample.settlement(
                        admission,
                        attempts: (isNamed ? [first] : []) + [Sample.end(second)],
                        images: [Sample.image(admission, attempt: second)],
                        provider: "ideogram",
                        failover: true,
                        attemptCount: 2
                    )
                )
                let held = try await Database.query(database, "SELECT reason, amount_nusd FROM reservations")
                let findings = try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60))
                if isNamed {
                    #expect(held == [[.text("unknown_attempt"), .int(60_000_000)]])
                    #expect(findings == [])
                } else {
                    // Who breaks the contract is found out by verify.
                    #expect(held == [])
                    #expect(findings.map(\.check) == [.reservationIsThere, .endIsItsAttempts])
                }
            }
        }
    }

    @Test func `images make room for those of a later settlement only where it says so`() async throws {
        try await withLedger { ledger, _ in
            _ = try await ledger.createTeam(name: "first", at: Sample.now)
            let admission = Sample.admission(images: 2)
            try await ledger.take(admission)
            let start = admission.attempts[0]
            let first = Sample.image(admission, attempt: start)
            let second = Sample.image(admission, attempt: start, ordinal: 2)
            func stored(_ images: [ImageRecord], replaces: Bool, after: Int64) async throws -> [UUID] {
                try await ledger.settle(
                    Sample.settlement(
                        admission,
                        images: images,
                        replacesImages: replaces,
                        settledAfter: .seconds(after)
                    )
                )
                return try #require(try await ledger.call(admission.callID, teamID: nil)).images.map(\.imageID)
            }
            #expect(try await stored([first], replaces: false, after: 3) == [first.imageID])
            // The same write twice is one.
            #expect(try await stored([first], replaces: false, after: 3) == [first.imageID])
            #expect(try await stored([second], replaces: false, after: 4) == [first.imageID, second.imageID])
            #expect(try await stored([second], replaces: true, after: 5) == [second.imageID])
            #expect(try await stored([], replaces: true, after: 6) == [])
        }
    }

    @Test func `settling a call that was never admitted says so and writes nothing`() async throws {
        try await withLedger { ledger, database in
            let error = await failure { () async throws(LedgerError) in
                try await ledger.settle(Sample.settlement(Sample.admission()))
            }
            #expect(error?.isNotFound == true)
            let parts = try await Database.number(
                database,
                "SELECT (SELECT count(*) FROM attempts) + (SELECT count(*) FROM images)"
            )
            #expect(parts == 0)
        }
    }

    @Test func `texts that PostgreSQL cannot hold do not stop a settlement`() async throws {
        try await withLedger { ledger, _ in
            _ = try await ledger.createTeam(name: "first", at: Sample.now)
            let admission = Sample.admission(project: "a\u{0}b", tags: ["k\u{0}": "v\\u0000\u{0}w"])
            try await ledger.take(admission)
            let call = try #require(try await ledger.call(admission.callID, teamID: nil))
            #expect(call.project == "ab")
            #expect(call.tags == ["k": "v\\u0000w"])
        }
    }

    @Test func `calls are listed newest first, filtered and page by page`() async throws {
        try await withLedger { ledger, _ in
            let one = try await ledger.createTeam(name: "one", at: Sample.now)
            let two = try await ledger.createTeam(name: "two", at: Sample.now)
            let base = Sample.now - .seconds(100)
            var admissions: [Admission] = []
            for index in 0..<6 {
                let admission = Sample.admission(
                    teamID: index < 4 ? one.id : two.id,
                    at: base + .seconds(Int64(index)),
                    provider: index == 1 ? "ideogram" : "runware"
                )
                admissions.append(admission)
                try await ledger.take(admission)
            }
            try await ledger.settle(
                Sample.settlement(
                    admissions[1],
                    images: [
                        Sample.image(
                            admissions[1],
                            attempt: admissions[1].attempts[0],
                            nsfw: true,
                            copyright: .flagged
                        )
                    ],
                    provider: "ideogram"
                )
            )
            func ids(_ change: (inout CallQuery) -> Void) async throws -> [Int] {
                var query = CallQuery()
                change(&query)
                return try await ledger.calls(query).map { call in
                    admissions.firstIndex { $0.callID == call.callID } ?? -1
                }
            }
            #expect(try await ids { _ in } == [5, 4, 3, 2, 1, 0])
            #expect(try await ids { $0.teamID = one.id } == [3, 2, 1, 0])
            #expect(try await ids { $0.provider = "ideogram" } == [1])
            #expect(try await ids { $0.status = .inProgress } == [5, 4, 3, 2, 0])
            #expect(try await ids { $0.nsfw = true } == [1])
            #expect(try await ids { $0.nsfw = false } == [5, 4, 3, 2, 0])
            #expect(try await ids { $0.copyright = .flagged } == [1])
            #expect(try await ids { $0.since = base + .seconds(4) } == [5, 4])
            #expect(try await ids { $0.until = base + .seconds(2) } == [1, 0])
            #expect(try await ids { $0.limit = 2 } == [5, 4])
            #expect(
                try await ids {
                    $0.limit = 2
                    $0.cursor = admissions[4].callID
                } == [3, 2]
            )
        }
    }
}
