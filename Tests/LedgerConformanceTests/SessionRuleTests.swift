import EaselBase
import EaselCore
import TestKit
import Testing

/// Who is signed in at the page, by both ledgers.
@Suite struct SessionRuleTests {
    private func session(_ number: UInt8, key: UInt8 = 1, age: Duration = .zero) -> PageSession {
        let moment = Scene.now - age
        return PageSession(
            hash: Array(repeating: number, count: 32),
            keyHash: Array(repeating: key, count: 32),
            createdAt: moment,
            expiresAt: moment + .seconds(3600)
        )
    }

    @Test(arguments: Book.allCases) func `a session is found until it is over or closed`(_ book: Book) async throws {
        try await book.with { scene in
            let session = session(1)
            try await scene.ledger.open(session, most: 10)
            try await scene.ledger.open(session, most: 10)
            #expect(try await scene.ledger.session(session.hash, at: Scene.now) == session)
            #expect(try await scene.ledger.session(session.hash, at: session.expiresAt) == nil)
            #expect(try await scene.ledger.session(Array(repeating: 2, count: 32), at: Scene.now) == nil)
            try await scene.ledger.closeSession(session.hash)
            try await scene.ledger.closeSession(session.hash)
            #expect(try await scene.ledger.session(session.hash, at: Scene.now) == nil)
        }
    }

    @Test(arguments: Book.allCases) func `a key has so many sessions, the newest`(_ book: Book) async throws {
        try await book.with { scene in
            let other = session(9, key: 2, age: .seconds(1000))
            try await scene.ledger.open(other, most: 3)
            let over = session(8, age: .seconds(3700))
            try await scene.ledger.open(over, most: 3)
            let own = (1...5).map { session($0, age: .seconds(600 - Int($0))) }
            for session in own { try await scene.ledger.open(session, most: 3) }
            var found: [Bool] = []
            for session in own + [other] {
                found.append(try await scene.ledger.session(session.hash, at: Scene.now) != nil)
            }
            #expect(found == [false, false, true, true, true, true])
            #expect(try await scene.ledger.session(over.hash, at: over.createdAt) == nil)
        }
    }
}
