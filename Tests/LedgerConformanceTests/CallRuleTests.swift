import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

/// The rules of a call, on every ledger with the same tests: what the double says, PostgreSQL says too.
@Suite(.serialized) struct CallRuleTests {
    @Test(arguments: Book.allCases)
    func `an admission that is written twice is one call`(book: Book) async throws {
        try await book.with { scene in
            let admission = try await scene.admission(asked: [1, 1])
            #expect(try await scene.ledger.admit(admission) == .admitted)
            #expect(try await scene.ledger.admit(admission) == .admitted)
            let call = try #require(try await scene.ledger.call(admission.callID, teamID: scene.teamID))
            #expect(call.status == .inProgress)
            #expect(call.attempts.map(\.outcome) == [.pending, .pending])
            #expect(try await scene.ledger.call(admission.callID, teamID: scene.teamID + 1) == nil)
        }
    }

    @Test(arguments: Book.allCases)
    func `nothing is admitted under terms that hold no more`(book: Book) async throws {
        try await book.with { scene in
            let admission = try await scene.admission(versionOff: -1)
            #expect(try await scene.ledger.admit(admission) == .stale)
            #expect(try await scene.ledger.call(admission.callID, teamID: nil) == nil)
        }
    }

    @Test(arguments: Book.allCases)
    func `what is reserved and posted never passes a hard budget (M2)`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents * 2))
            let first = try await scene.admitted()
            _ = try await scene.admitted()
            #expect(try await scene.standing().reserved == sixCents * 2)
            let third = try await scene.admission()
            guard case .refused(let refusal) = try await scene.ledger.admit(third) else {
                Issue.record("a third call fits into a budget of two")
                return
            }
            #expect(refusal.reason == .exceeded && refusal.asked == sixCents)
            // One that cost less than its bound makes room.
            let end = scene.end(first.attempts[0], .failed, cost: .zero)
            try await scene.ledger.settle(scene.settlement(first, [end]))
            #expect(try await scene.standing().reserved == sixCents)
            #expect(try await scene.standing().posted == .zero)
            #expect(try await scene.ledger.admit(try await scene.admission()) == .admitted)
        }
    }

    @Test(arguments: Book.allCases)
    func `a budget of images counts what was asked, then what came`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.images(3))
            let admission = try await scene.admitted(asked: [2])
            #expect(try await scene.standing().reservedImages == 2)
            guard case .refused(let refusal) = try await scene.ledger.admit(try await scene.admission(asked: [2]))
            else {
                Issue.record("four images fit into a budget of three")
                return
            }
            #expect(refusal.askedImages == 2)
            let end = scene.end(admission.attempts[0], .succeeded, cost: sixCents * 2)
            try await scene.ledger.settle(scene.settlement(admission, [end]))
            let standing = try await scene.standing()
            #expect(standing.postedImages == 2 && standing.reservedImages == 0)
        }
    }

    @Test(arguments: Book.allCases)
    func `a settlement that is written twice is one, and an older one changes nothing`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents * 10))
            let admission = try await scene.admitted()
            let end = scene.end(admission.attempts[0], .succeeded, cost: sixCents)
            let settlement = scene.settlement(admission, [end], after: .seconds(2))
            try await scene.ledger.settle(settlement)
            try await scene.ledger.settle(settlement)
            let older = scene.end(admission.attempts[0], .failed, cost: .zero)
            try await scene.ledger.settle(scene.settlement(admission, [older], after: .seconds(1)))
            let call = try #require(try await scene.ledger.call(admission.callID, teamID: nil))
            #expect(call.status == .succeeded && call.cost == sixCents && call.images.count == 1)
            #expect(try await scene.standing().posted == sixCents)
        }
    }

    @Test(arguments: Book.allCases)
    func `a call that was never admitted has no end`(book: Book) async throws {
        try await book.with { scene in
            let stranger = try await scene.admission()
            let settlement = scene.settlement(stranger, [scene.end(stranger.attempts[0], .succeeded, cost: sixCents)])
            let error = await scene.failure { () async throws(LedgerError) in
                try await scene.ledger.settle(settlement)
            }
            guard case .notFound? = error else {
                Issue.record("it has one: \(String(describing: error?.sentence))")
                return
            }
        }
    }

    // MARK: - What is unknown

    @Test(arguments: Book.allCases)
    func `an unknown attempt keeps its bound until it is resolved (M7)`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents * 10))
            let admission = try await scene.admitted()
            let unknown = scene.end(admission.attempts[0], .unknown, cost: nil, basis: .unknown)
            try await scene.ledger.settle(scene.settlement(admission, [unknown]))
            #expect(try await scene.standing().reserved == sixCents)
            let since = admission.receivedAt - .seconds(60)
            let open = try await scene.ledger.unknownAttempts(since: since, limit: 10)
            #expect(open.map(\.callID) == [admission.callID])
            let cost = Money(nanodollars: 50_000_000)
            let found = scene.end(admission.attempts[0], .succeeded, cost: cost)
            try await scene.ledger.resolve(scene.resolution(admission, [found]))
            let standing = try await scene.standing()
            #expect(standing.reserved == .zero && standing.posted == cost)
            #expect(try await scene.ledger.unknownAttempts(since: since, limit: 10).isEmpty)
        }
    }

    @Test(arguments: Book.allCases)
    func `an attempt that was posted at its bound holds nothing back`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.images(10))
            let admission = try await scene.admitted()
            // Without a price even the bound is unknown, and posting it leaves nothing to hold.
            let posted = scene.end(
                admission.attempts[0],
                .unknown,
                cost: nil,
                basis: .unknown,
                errorCode: AttemptEnd.postedAtBound
            )
            try await scene.ledger.settle(scene.settlement(admission, [posted]))
            #expect(try await scene.standing().reservedImages == 0)
        }
    }

    @Test(arguments: Book.allCases)
    func `beside an attempt that may be charged another one has to fit`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents * 2))
            let admission = try await scene.admitted()
            let unknown = scene.end(admission.attempts[0], .unknown, cost: nil, basis: .unknown)
            let moment = admission.receivedAt
            let second = SampleTrade.start(
                callID: admission.callID,
                ordinal: 2,
                provider: "ideogram",
                at: moment
            )
            let hold = Hold(amount: sixCents * 2, images: 2)
            #expect(try await scene.ledger.startAttempts([second], ended: [unknown], hold: hold) == .started)
            #expect(try await scene.standing().reserved == sixCents * 2)
            let third = SampleTrade.start(callID: admission.callID, ordinal: 3, at: moment)
            let more = Hold(amount: sixCents * 3, images: 3)
            guard case .refused = try await scene.ledger.startAttempts([third], ended: [], hold: more) else {
                Issue.record("three attempts fit into a budget of two")
                return
            }
            #expect(try await scene.standing().reserved == sixCents * 2)
            let delivered = scene.end(second, .succeeded, cost: sixCents)
            try await scene.ledger.settle(scene.settlement(admission, [unknown, delivered]))
            let standing = try await scene.standing()
            #expect(standing.reserved == sixCents && standing.posted == sixCents)
        }
    }

    // MARK: - Keys and recovery

    @Test(arguments: Book.allCases)
    func `a key stands for one call, and is given back by one that sent nothing`(book: Book) async throws {
        try await book.with { scene in
            let key = IdempotencyKey(text: "key-1", fingerprint: [1, 2, 3])
            let first = try await scene.admission(idempotency: key)
            #expect(try await scene.ledger.admit(first) == .admitted)
            guard case .repeated(let call) = try await scene.ledger.admit(try await scene.admission(idempotency: key))
            else {
                Issue.record("a second call began under the same key")
                return
            }
            #expect(call.callID == first.callID && call.fingerprint == key.fingerprint)
            let found = try await scene.ledger.idempotentCall(teamID: scene.teamID, key: key.text, at: Scene.now)
            #expect(found?.callID == first.callID)
            let unsent = scene.end(first.attempts[0], .failed, cost: .zero, sent: false)
            try await scene.ledger.settle(scene.settlement(first, [unsent]))
            #expect(try await scene.ledger.admit(try await scene.admission(idempotency: key)) == .admitted)
        }
    }

    @Test(arguments: Book.allCases)
    func `a call that a gateway left behind is found with what is known of it`(book: Book) async throws {
        try await book.with { scene in
            let gateway = UUIDv7.mint(at: Scene.now)
            let left = try await scene.admission(gatewayID: gateway)
            #expect(try await scene.ledger.admit(left) == .admitted)
            let done = try await scene.admission(gatewayID: gateway)
            #expect(try await scene.ledger.admit(done) == .admitted)
            let end = scene.end(done.attempts[0], .succeeded, cost: sixCents)
            try await scene.ledger.settle(scene.settlement(done, [end]))
            try await scene.ledger.noteProviderTask(left.attempts[0], providerTaskID: "task-9")
            let orphans = try await scene.ledger.orphans(of: [gateway], silentSince: nil, after: nil, limit: 10)
            #expect(orphans.map(\.callID) == [left.callID])
            let attempt = try #require(orphans.first?.attempts.first)
            #expect(attempt.outcome == .pending && attempt.providerTaskID == "task-9")
            #expect(attempt.start.attemptID == left.attempts[0].attemptID && attempt.start.bound == sixCents)
            let rest = try await scene.ledger.orphans(of: [gateway], silentSince: nil, after: orphans[0], limit: 10)
            #expect(rest.isEmpty)
        }
    }
}
