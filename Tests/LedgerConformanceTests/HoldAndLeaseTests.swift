import EaselBase
import EaselCore
import EaselLedger
import EaselMemory
import Foundation
import TestKit
import Testing

/// What a call holds back while it goes on, the keys it stands for, and who takes it over.
@Suite(.serialized) struct HoldAndLeaseTests {
    @Test(arguments: Book.allCases)
    func `a budget of images is asked for what a call holds more`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.images(3))
            let admission = try await scene.admitted(asked: [2])
            let unknown = scene.end(admission.attempts[0], .unknown, cost: nil, basis: .unknown)
            let second = SampleTrade.start(
                callID: admission.callID,
                ordinal: 2,
                provider: "ideogram",
                asked: 2,
                at: admission.receivedAt
            )
            let four = Hold(amount: sixCents * 4, images: 4)
            let verdict = try await scene.ledger.startAttempts([second], ended: [unknown], hold: four)
            guard case .refused(let refusal) = verdict else {
                Issue.record("four images fit into a budget of three")
                return
            }
            #expect(refusal.askedImages == 2 && refusal.asked == sixCents * 2)
            #expect(try await scene.standing().reservedImages == 2)
            // The end was written, the attempt was not.
            let call = try await scene.call(admission)
            #expect(call.attempts.map(\.outcome) == [.unknown])
            try await scene.ledger.settle(scene.settlement(admission, [unknown]))
            #expect(try await scene.standing().reservedImages == 2)
        }
    }

    @Test(arguments: Book.allCases)
    func `a hold never shrinks, and one that asks for no more is not asked again`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents * 3))
            let admission = try await scene.admitted(bound: sixCents * 3)
            // The limit is lowered below what is held: who asks for no more goes on.
            try await scene.budget(.money(sixCents))
            let failed = scene.end(admission.attempts[0], .failed, cost: .zero)
            let second = SampleTrade.start(
                callID: admission.callID,
                ordinal: 2,
                provider: "ideogram",
                at: admission.receivedAt
            )
            let less = Hold(amount: sixCents, images: 1)
            #expect(try await scene.ledger.startAttempts([second], ended: [failed], hold: less) == .started)
            #expect(try await scene.standing().reserved == sixCents * 3)
            let delivered = scene.end(second, .succeeded, cost: sixCents)
            try await scene.ledger.settle(scene.settlement(admission, [failed, delivered]))
            let standing = try await scene.standing()
            #expect(standing.reserved == .zero && standing.posted == sixCents)
        }
    }

    @Test(arguments: Book.allCases)
    func `nothing more is held for a call that is over`(book: Book) async throws {
        try await book.with { scene in
            let admission = try await scene.admitted()
            let end = scene.end(admission.attempts[0], .succeeded, cost: sixCents)
            try await scene.ledger.settle(scene.settlement(admission, [end]))
            let late = SampleTrade.start(callID: admission.callID, ordinal: 2, at: admission.receivedAt)
            let error = await scene.failure { () async throws(LedgerError) in
                _ = try await scene.ledger.startAttempts(
                    [late],
                    ended: [],
                    hold: Hold(amount: sixCents * 2, images: 2)
                )
            }
            guard case .rejected? = error else {
                Issue.record("it is: \(String(describing: error?.sentence))")
                return
            }
        }
    }

    @Test(arguments: Book.allCases)
    func `a key is one team's, for one day, and stays with a call that was sent`(book: Book) async throws {
        try await book.with { scene in
            let key = IdempotencyKey(text: "key-2", fingerprint: [4, 5, 6])
            let admission = try await scene.admission(idempotency: key)
            #expect(try await scene.ledger.admit(admission) == .admitted)
            let moment = admission.receivedAt
            func found(_ team: Int64, _ at: Timestamp) async throws -> UUID? {
                try await scene.ledger.idempotentCall(teamID: team, key: key.text, at: at)?.callID
            }
            #expect(try await found(scene.teamID, moment) == admission.callID)
            #expect(try await found(scene.teamID + 1, moment) == nil)
            #expect(try await found(scene.teamID, moment + IdempotencyKey.lifetime + .seconds(1)) == nil)
            let failed = scene.end(admission.attempts[0], .failed, cost: .zero, sent: true)
            try await scene.ledger.settle(scene.settlement(admission, [failed]))
            #expect(try await found(scene.teamID, moment) == admission.callID)
        }
    }

    @Test(arguments: Book.allCases)
    func `a call is taken over when its gateway is silent or its lease is over, and not before`(
        book: Book
    ) async throws {
        try await book.with { scene in
            let (alive, silent) = (UUIDv7.mint(at: Scene.now), UUIDv7.mint(at: Scene.now))
            let sign = GatewaySign(providers: [], journalPending: 0, journalSetAside: 0)
            let kept = try await scene.admission(gatewayID: alive, age: .seconds(120))
            let over = try await scene.admission(gatewayID: alive, age: .seconds(120), lease: .seconds(5))
            let left = try await scene.admission(gatewayID: silent, age: .seconds(120))
            let young = try await scene.admission(gatewayID: silent)
            for admission in [kept, over, left, young] {
                #expect(try await scene.ledger.admit(admission) == .admitted)
            }
            try await scene.ledger.heartbeat(gatewayID: alive, sign: sign, at: Scene.now)
            let orphans = try await scene.ledger.orphans(
                of: [],
                silentSince: Scene.now - .seconds(60),
                after: nil,
                limit: 10
            )
            #expect(Set(orphans.map(\.callID)) == [over.callID, left.callID])
            #expect(try await scene.ledger.orphans(of: [], silentSince: nil, after: nil, limit: 10).isEmpty)
        }
    }

    @Test func `the standard price book is the one that a database begins with`() async throws {
        let ledger = try await PostgresFixture.ledger()
        func lines(_ prices: [PriceEntry]) -> Set<String> {
            Set(
                prices.map {
                    let speed = $0.renderingSpeed?.rawValue ?? "any"
                    return "\($0.provider) \($0.model.rawValue) \(speed) \($0.characterReference) "
                        + "\($0.perImage.usd) \($0.effectiveFrom)"
                }
            )
        }
        #expect(lines(PriceBook.standard) == lines(try await ledger.prices()))
        await ledger.close()
    }
}
