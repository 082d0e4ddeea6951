import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

/// Whose word stands where several tell of one call: what is known is replaced only by what is known better.
@Suite(.serialized) struct LateWordTests {
    @Test(arguments: Book.allCases)
    func `what a provider said is not overwritten by a later look`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents * 10))
            let admission = try await scene.admitted()
            let end = scene.end(admission.attempts[0], .succeeded, cost: sixCents)
            try await scene.ledger.settle(scene.settlement(admission, [end]))
            for (outcome, cost) in [(AttemptOutcome.unknown, nil), (.failed, .zero), (.succeeded, sixCents * 3)] {
                let worse = scene.end(admission.attempts[0], outcome, cost: cost, basis: .unknown)
                try await scene.ledger.resolve(scene.resolution(admission, [worse]))
            }
            let call = try await scene.call(admission)
            #expect(call.cost == sixCents && call.costBasis == .provider)
            #expect(call.attempts.map(\.outcome) == [.succeeded])
            let standing = try await scene.standing()
            #expect(standing.posted == sixCents && standing.reserved == .zero)
        }
    }

    @Test(arguments: Book.allCases)
    func `what was found out is not forgotten by an old settlement, nor by the same one`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents * 10))
            let admission = try await scene.admitted()
            let unknown = scene.end(admission.attempts[0], .unknown, cost: nil, basis: .unknown)
            let settlement = scene.settlement(admission, [unknown])
            try await scene.ledger.settle(settlement)
            let found = scene.end(admission.attempts[0], .succeeded, cost: sixCents)
            let resolution = scene.resolution(admission, [found])
            try await scene.ledger.resolve(resolution)
            try await scene.ledger.resolve(resolution)
            try await scene.ledger.settle(settlement)
            let call = try await scene.call(admission)
            #expect(call.cost == sixCents && call.costBasis == .provider)
            let standing = try await scene.standing()
            #expect(standing.posted == sixCents && standing.reserved == .zero)
        }
    }

    @Test(arguments: Book.allCases)
    func `a newer settlement that knows less keeps a cost that was found out`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents * 10))
            let admission = try await scene.admitted()
            let unknown = scene.end(admission.attempts[0], .unknown, cost: nil, basis: .unknown)
            try await scene.ledger.settle(scene.settlement(admission, [unknown], after: .seconds(1)))
            let found = scene.end(admission.attempts[0], .succeeded, cost: sixCents)
            try await scene.ledger.resolve(scene.resolution(admission, [found], after: .seconds(2)))
            try await scene.ledger.settle(scene.settlement(admission, [unknown], after: .seconds(3)))
            #expect(try await scene.call(admission).cost == sixCents)
            let standing = try await scene.standing()
            #expect(standing.posted == sixCents && standing.reserved == .zero)
        }
    }

    @Test(arguments: Book.allCases)
    func `the gateway's word stands against recovery's, whichever comes first`(book: Book) async throws {
        try await book.with { scene in
            for recoveryIsFirst in [true, false] {
                let admission = try await scene.admitted()
                let own = scene.settlement(
                    admission,
                    [scene.end(admission.attempts[0], .succeeded, cost: sixCents)],
                    after: .seconds(1)
                )
                let found = scene.settlement(
                    admission,
                    [scene.end(admission.attempts[0], .unknown, cost: nil, basis: .unknown)],
                    after: .seconds(2),
                    recovered: true
                )
                for settlement in recoveryIsFirst ? [found, own] : [own, found] {
                    try await scene.ledger.settle(settlement)
                }
                let call = try await scene.call(admission)
                #expect(call.status == .succeeded && call.cost == sixCents, "recovery first: \(recoveryIsFirst)")
                #expect(call.images.count == 1 && call.attempts.map(\.outcome) == [.succeeded])
            }
        }
    }

    @Test(arguments: Book.allCases)
    func `a call that failed gets the images that recovery found, and keeps how long its caller waited`(
        book: Book
    ) async throws {
        try await book.with { scene in
            let admission = try await scene.admitted()
            let unknown = scene.end(admission.attempts[0], .unknown, cost: nil, basis: .unknown)
            try await scene.ledger.settle(scene.settlement(admission, [unknown], after: .seconds(1)))
            let found = scene.end(admission.attempts[0], .succeeded, cost: sixCents)
            try await scene.ledger.settle(
                scene.settlement(admission, [found], after: .seconds(40), recovered: true)
            )
            let call = try await scene.call(admission)
            #expect(call.status == .succeeded && call.cost == sixCents && call.images.count == 1)
            #expect(call.latencyMs == 1000)
        }
    }

    @Test(arguments: Book.allCases)
    func `an end is not taken back while the call goes on, nor once it is over`(book: Book) async throws {
        try await book.with { scene in
            let admission = try await scene.admitted()
            let refused = scene.end(admission.attempts[0], .refused, cost: .zero)
            _ = try await scene.ledger.startAttempts([], ended: [refused], hold: nil)
            let unknown = scene.end(admission.attempts[0], .unknown, cost: nil, basis: .unknown)
            _ = try await scene.ledger.startAttempts([], ended: [unknown], hold: nil)
            #expect(try await scene.call(admission).attempts.map(\.outcome) == [.refused])
            try await scene.ledger.settle(scene.settlement(admission, [refused]))
            #expect(try await scene.call(admission).attempts.map(\.cost) == [.zero])
        }
    }

    @Test(arguments: Book.allCases)
    func `the first name of a task stays, also when its end has none`(book: Book) async throws {
        try await book.with { scene in
            let admission = try await scene.admitted()
            let start = admission.attempts[0]
            try await scene.ledger.noteProviderTask(start, providerTaskID: "task-1")
            try await scene.ledger.noteProviderTask(start, providerTaskID: "task-2")
            let unknown = scene.end(start, .unknown, cost: nil, basis: .unknown)
            try await scene.ledger.settle(scene.settlement(admission, [unknown]))
            let open = try await scene.ledger.unknownAttempts(since: admission.receivedAt - .seconds(60), limit: 10)
            #expect(open.first?.attempts.map(\.providerTaskID) == ["task-1"])
        }
    }

    @Test(arguments: Book.allCases)
    func `one that was posted at its bound is asked about no more`(book: Book) async throws {
        try await book.with { scene in
            try await scene.budget(.money(sixCents * 10))
            let admission = try await scene.admitted()
            let unknown = scene.end(admission.attempts[0], .unknown, cost: nil, basis: .unknown)
            try await scene.ledger.settle(scene.settlement(admission, [unknown]))
            let posted = scene.end(
                admission.attempts[0],
                .unknown,
                cost: sixCents,
                basis: .unknown,
                errorCode: AttemptEnd.postedAtBound
            )
            try await scene.ledger.resolve(scene.resolution(admission, [posted]))
            let open = try await scene.ledger.unknownAttempts(since: admission.receivedAt - .seconds(60), limit: 10)
            #expect(open.isEmpty)
            let call = try await scene.call(admission)
            #expect(call.cost == sixCents && call.costBasis == .unknown && call.estimated == sixCents)
            let standing = try await scene.standing()
            #expect(standing.posted == sixCents && standing.reserved == .zero)
        }
    }
}
