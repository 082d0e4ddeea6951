import EaselBase
import EaselCore
import EaselLedger
import Foundation
import TestKit
import Testing

/// The books beside a call: people, prices and budgets, and what a change of them means for calls that are over.
@Suite(.serialized) struct OtherBookTests {
    private static func key(
        _ number: UInt8,
        team: String = "design",
        at moment: Timestamp,
        expiresAt: Timestamp? = nil
    ) -> NewKey {
        NewKey(
            record: KeyRecord(
                id: UUIDv7.mint(at: moment),
                team: team,
                prefix: "esl_\(number)",
                role: .member,
                project: "spring",
                isProjectBound: true,
                createdAt: moment,
                expiresAt: expiresAt,
                revokedAt: nil,
                requestsPerMinute: 7,
                maxConcurrent: nil,
                inlinePolicies: true
            ),
            hash: [number]
        )
    }

    @Test(arguments: Book.allCases)
    func `a key counts until it is revoked or over`(book: Book) async throws {
        try await book.with { scene in
            let ledger = scene.ledger
            let now = Scene.now
            let (first, second) = (Self.key(1, at: now - .seconds(2)), Self.key(2, at: now - .seconds(1)))
            try await ledger.createKey(second)
            try await ledger.createKey(first)
            try await ledger.createKey(Self.key(3, at: now, expiresAt: now - .seconds(1)))
            try await ledger.createKey(Self.key(4, at: now, expiresAt: now + .seconds(3600)))
            _ = try await ledger.changeTeam("design", TeamChange(projects: .only(["autumn", "spring"])))
            let account = try #require(try await ledger.account(keyHash: [1]))
            #expect(account.teamID == scene.teamID && account.keyID == first.record.id && account.role == .member)
            #expect(account.project == "spring" && account.isProjectBound && account.requestsPerMinute == 7)
            #expect(account.knownProjects == ["autumn", "spring"] && account.inlinePolicies)
            let isOver = try await ledger.account(keyHash: [3]) == nil
            let isUnknown = try await ledger.account(keyHash: [9]) == nil
            #expect(isOver && isUnknown)
            #expect(try await ledger.account(keyHash: [4]) != nil)

            #expect(try await ledger.revokeKey(first.record.id, at: now))
            #expect(try await ledger.revokeKey(first.record.id, at: now + .seconds(5)), "twice is once")
            #expect(try await !ledger.revokeKey(UUID(), at: now))
            #expect(try await ledger.account(keyHash: [1]) == nil)
            let keys = try await ledger.keys(team: "design")
            #expect(keys.map(\.prefix).prefix(2) == ["esl_1", "esl_2"] && keys.count == 4)
            #expect(keys.first?.revokedAt == now && keys.first?.isProjectBound == true)
            #expect(try await ledger.keys(team: "nobody").isEmpty)
        }
    }

    @Test(arguments: Book.allCases)
    func `teams have names of their own, and what is nobody's is not there`(book: Book) async throws {
        try await book.with { scene in
            let ledger = scene.ledger
            _ = try await ledger.createTeam(name: "zoo", at: Scene.now)
            _ = try await ledger.createTeam(name: "archive", at: Scene.now)
            #expect(try await ledger.teams().map(\.name) == ["archive", "design", "zoo"])
            let before = try await ledger.spendingTerms().version
            let team = try await ledger.changeTeam("zoo", TeamChange(allowsUnpriced: true))
            #expect(team.allowsUnpriced && team.knownProjects == nil)
            #expect(try await ledger.spendingTerms().version > before)
            let faults = [
                await scene.failure { () async throws(LedgerError) in
                    _ = try await ledger.createTeam(name: "zoo", at: Scene.now)
                },
                await scene.failure { () async throws(LedgerError) in
                    try await ledger.createKey(Self.key(1, team: "nobody", at: Scene.now))
                },
                await scene.failure { () async throws(LedgerError) in
                    _ = try await ledger.changeTeam("nobody", TeamChange(allowsUnpriced: true))
                },
            ]
            guard case .conflict? = faults[0], case .notFound? = faults[1], case .notFound? = faults[2] else {
                Issue.record("they are: \(faults.map { $0?.sentence ?? "none" })")
                return
            }
        }
    }

    private static func line(_ speed: RenderingSpeed?, _ price: Money, from: Timestamp) -> PriceEntry {
        PriceEntry(
            provider: "printer",
            model: .ideogram4,
            renderingSpeed: speed,
            characterReference: false,
            perImage: price,
            effectiveFrom: from,
            source: "a list"
        )
    }

    @Test(arguments: Book.allCases)
    func `prices come in order, and their changes newest first`(book: Book) async throws {
        try await book.with { scene in
            let ledger = scene.ledger
            let day = Timestamp(microseconds: 1_767_225_600_000_000)
            let (later, now) = (day + .seconds(86_400), Scene.now)
            try await ledger.setPrices(
                [
                    Self.line(.turbo, sixCents, from: later), Self.line(.turbo, sixCents, from: day),
                    Self.line(.default, sixCents, from: day),
                ],
                by: "anna",
                at: now
            )
            let before = try await ledger.spendingTerms().version
            // A line for every speed takes those of its date along.
            let written = try await ledger.setPrices(
                [Self.line(nil, sixCents * 2, from: day)],
                by: "ben",
                at: now + .seconds(1)
            )
            #expect(written.changed.count == 3)
            #expect(try await ledger.spendingTerms().version > before)
            let prices = try await ledger.prices().filter { $0.provider == "printer" }
            #expect(prices.map(\.renderingSpeed) == [.default, .turbo, .turbo, nil])
            #expect(prices.map(\.perImage) == [sixCents * 2, sixCents * 2, sixCents, sixCents * 2])
            #expect(prices.map(\.effectiveFrom) == [day, day, later, day])
            let changes = try await ledger.priceChanges(limit: 6)
            #expect(changes.map(\.changedBy) == ["ben", "ben", "ben", "anna", "anna", "anna"])
            #expect(changes.prefix(3).compactMap(\.before) == [sixCents, sixCents])
        }
    }

    @Test(arguments: Book.allCases)
    func `another price changes what was estimated, and nothing that a provider said`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents * 100))
            let admission = try await scene.admitted(asked: [2, 1])
            let (estimated, said) = (admission.attempts[0], admission.attempts[1])
            let settlement = scene.settlement(
                admission,
                [
                    scene.end(estimated, .succeeded, cost: sixCents * 2, basis: .priceBook),
                    scene.end(said, .succeeded, cost: sixCents),
                ]
            )
            try await scene.ledger.settle(settlement)
            let since = admission.receivedAt - .seconds(60)
            let estimates = try await scene.ledger.estimates(since: since, after: nil, limit: 10)
            #expect(estimates.map(\.attemptID) == [estimated.attemptID])
            #expect(estimates.first?.cost == sixCents * 2 && estimates.first?.imagesReturned == 2)
            #expect(try await scene.ledger.estimates(since: since, after: estimated.attemptID, limit: 10).isEmpty)

            let nine = Money(nanodollars: 90_000_000)
            let repricing = Repricing(
                key: admission.key,
                repricedAt: admission.receivedAt + .seconds(5),
                lines: [estimated, said].map {
                    Repricing.Line(attemptID: $0.attemptID, startedAt: $0.startedAt, price: nine, cost: nine * 2)
                }
            )
            try await scene.ledger.reprice(repricing)
            let call = try await scene.call(admission)
            #expect(call.attempts.map(\.cost) == [nine * 2, sixCents])
            #expect(call.cost == nine * 2 + sixCents && call.estimated == nine * 2 && call.costBasis == .priceBook)
            #expect(call.images.map(\.cost) == [nine, nine, sixCents])
            #expect(try await scene.standing().posted == nine * 2 + sixCents)
            #expect(try await scene.ledger.estimates(since: since, after: nil, limit: 10).first?.price == nine)

            // The settlement once more, out of a journal: it is older than the figures that stand.
            try await scene.ledger.settle(settlement)
            #expect(try await scene.standing().posted == nine * 2 + sixCents)
        }
    }

    @Test(arguments: Book.allCases)
    func `a settlement that does not know everything gives way to none of its time`(book: Book) async throws {
        try await book.with { scene in
            let admission = try await scene.admitted()
            let start = admission.attempts[0]
            let unknown = scene.settlement(admission, [scene.end(start, .unknown, cost: nil, basis: .unknown)])
            try await scene.ledger.settle(unknown)
            // Its figures were worked out anew, and what is as old as it is older than they.
            try await scene.ledger.settle(
                scene.settlement(admission, [scene.end(start, .succeeded, cost: sixCents)])
            )
            #expect(try await scene.call(admission).status == .failed)
            try await scene.ledger.settle(
                scene.settlement(
                    admission,
                    [scene.end(start, .succeeded, cost: sixCents)],
                    after: .milliseconds(1001)
                )
            )
            let call = try await scene.call(admission)
            #expect(call.status == .succeeded && call.cost == sixCents)
        }
    }

    @Test(arguments: Book.allCases)
    func `a budget is raised once at a time, by what it counts, and removed once`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents))
            let (ledger, now) = (scene.ledger, Scene.now)
            let id = try await scene.standing().budget.id
            let raise = BudgetRaise(by: .money(sixCents), from: now, until: now + .seconds(3600))
            let after = try await ledger.raiseBudget(id, raise, by: "test", at: now)
            #expect(after.budget.limit(at: now + .seconds(1)) == .money(sixCents * 2))
            let images = BudgetRaise(by: .images(3), from: now, until: now + .seconds(3600))
            for (id, raise) in [(id, raise), (id, images)] {
                let error = await scene.failure { () async throws(LedgerError) in
                    _ = try await ledger.raiseBudget(id, raise, by: "test", at: now)
                }
                guard case .conflict? = error else {
                    Issue.record("it is: \(error?.sentence ?? "none")")
                    return
                }
            }
            let ended = try await ledger.raiseBudget(id, nil, by: "test", at: now)
            #expect(ended.budget.limit(at: now + .seconds(1)) == .money(sixCents))
            #expect(try await ledger.removeBudget(id, by: "test", at: now))
            #expect(try await !ledger.removeBudget(id, by: "test", at: now))
            let missing = await scene.failure { () async throws(LedgerError) in
                _ = try await ledger.raiseBudget(id, raise, by: "test", at: now)
            }
            guard case .notFound? = missing else {
                Issue.record("it is: \(missing?.sentence ?? "none")")
                return
            }
        }
    }
}
