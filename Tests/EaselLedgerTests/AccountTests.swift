import EaselBase
import EaselCore
import EaselLedger
import Foundation
import Testing

@Suite struct AccountTests {
    private func key(_ team: String, hash: [UInt8], expiresAt: Timestamp? = nil) -> NewKey {
        NewKey(
            record: KeyRecord(
                id: UUID(),
                team: team,
                prefix: "esl_abcd",
                role: .member,
                project: "spring",
                createdAt: Sample.now,
                expiresAt: expiresAt,
                revokedAt: nil,
                requestsPerMinute: 60,
                maxConcurrent: nil,
                inlinePolicies: true
            ),
            hash: hash
        )
    }

    @Test func `a team's name is taken once`() async throws {
        try await withLedger { ledger, _ in
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            let error = await failure { () async throws(LedgerError) in
                _ = try await ledger.createTeam(name: "design", at: Sample.now)
            }
            #expect(error?.isConflict == true)
            #expect(try await ledger.teams() == [team])
        }
    }

    @Test func `a key leads to its account until it is revoked or expires`() async throws {
        try await withLedger { ledger, _ in
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            let good = key("design", hash: [1, 2, 0, 3])
            try await ledger.createKey(good)
            try await ledger.createKey(key("design", hash: [9], expiresAt: Sample.now - .seconds(1)))
            try await ledger.createKey(key("design", hash: [8], expiresAt: Sample.now + .seconds(3600)))

            let account = try #require(try await ledger.account(keyHash: [1, 2, 0, 3]))
            #expect(
                account
                    == Account(
                        teamID: team.id,
                        team: "design",
                        keyID: good.record.id,
                        role: .member,
                        project: "spring",
                        requestsPerMinute: 60,
                        inlinePolicies: true
                    )
            )
            #expect(try await ledger.account(keyHash: [1, 2]) == nil)
            #expect(try await ledger.account(keyHash: [9]) == nil)
            #expect(try await ledger.account(keyHash: [8]) != nil)

            let moment = Sample.now
            #expect(try await ledger.revokeKey(good.record.id, at: moment))
            #expect(try await ledger.revokeKey(good.record.id, at: moment + .seconds(9)))
            #expect(try await ledger.revokeKey(UUID(), at: moment) == false)
            #expect(try await ledger.account(keyHash: [1, 2, 0, 3]) == nil)
            let listed = try await ledger.keys(team: "design")
            #expect(listed.count == 3)
            #expect(listed.first { $0.id == good.record.id }?.revokedAt == moment)
            #expect(try await ledger.keys(team: "other") == [])
        }
    }

    @Test func `a key needs a team, and a hash of its own`() async throws {
        try await withLedger { ledger, _ in
            let missing = await failure { () async throws(LedgerError) in
                try await ledger.createKey(key("nobody", hash: [1]))
            }
            #expect(missing?.isNotFound == true)
            _ = try await ledger.createTeam(name: "design", at: Sample.now)
            try await ledger.createKey(key("design", hash: [1]))
            let twice = await failure { () async throws(LedgerError) in
                try await ledger.createKey(key("design", hash: [1]))
            }
            #expect(twice?.isConflict == true)
        }
    }

    @Test func `the price book holds both providers, and what is not listed has no price`() async throws {
        try await withLedger { ledger, _ in
            let book = PriceBook(try await ledger.prices())
            func price(_ kind: ProviderKind, _ model: RemixModel, _ speed: RenderingSpeed, _ character: Bool) -> String?
            {
                book.price(
                    provider: "my-account",
                    kind: kind,
                    model: model,
                    speed: speed,
                    characterReference: character,
                    at: Sample.now
                )?.perImage.usd
            }
            for kind in [ProviderKind.runware, .ideogram] {
                #expect(price(kind, .ideogram4, .quality, false) == "0.1")
                #expect(price(kind, .ideogram3, .turbo, false) == "0.03")
                #expect(price(kind, .ideogram3, .default, true) == "0.15")
                #expect(price(kind, .ideogram1, .quality, false) == "0.06")
                #expect(price(kind, .ideogram4, .default, true) == nil)
            }
        }
    }
}
