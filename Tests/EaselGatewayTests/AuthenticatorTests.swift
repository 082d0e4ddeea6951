import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselGateway

/// Who is asking, and the short memory of it.
struct AuthenticatorTests {
    private static let adminKey = "esl_admin-key-of-this-test"

    /// Remembers for longer than any test takes, unless a test is about the end of it.
    private func authenticator(
        _ ledger: MemoryLedger,
        time: TimeSource = .system,
        memory: AnswerMemory = AnswerMemory(known: .seconds(3600), unknown: .seconds(3600))
    ) -> Authenticator {
        Authenticator(
            ledger: ledger,
            adminKey: Self.adminKey,
            adminTeam: TeamRecord(id: 9, name: "default", createdAt: SampleTrade.moment),
            time: time,
            memory: memory
        )
    }

    private func key(_ ledger: MemoryLedger, role: Account.Role = .member) async throws -> String {
        let (key, new) = KeyMaker.make(team: "design", role: role, now: SampleTrade.moment)
        try await ledger.createKey(new)
        return key
    }

    /// What the authenticator makes of each value of `Authorization`, in order, over HTTP.
    private func ask(
        _ authenticator: Authenticator,
        _ headers: [String?],
        admin: Bool = false,
        between: () async throws -> Void = {}
    ) async throws -> [Result<Account, Problem>] {
        let answers = Locked<[Result<Account, Problem>]>([])
        try await LocalServer.with { request in
            let answer: Result<Account, Problem>
            do throws(Problem) {
                let account =
                    admin
                    ? try await Access<Admin>.admin.prove(door(authenticator), request).known
                    : try await Access<Member>.key.prove(door(authenticator), request).known
                answer = .success(account)
            } catch {
                answer = .failure(error)
            }
            answers.withLock { $0.append(answer) }
            return .empty()
        } _: { server in
            for header in headers {
                let fields = HTTPFields(header.map { [("Authorization", $0)] } ?? [])
                _ = try await TestLoops.client.execute(HTTPRequest(url: server.origin, fields: fields))
                try await between()
            }
        }
        return answers.withLock { $0 }
    }

    private func door(_ authenticator: Authenticator) -> Doorkeeper {
        Doorkeeper(
            authenticator: authenticator,
            limits: KeyLimits(),
            reports: ReportGate(ReportQueue.Limits(atOnce: 1, perTeam: 1)),
            publicMetrics: true,
            time: .system
        )
    }

    private func codes(_ answers: [Result<Account, Problem>]) -> [Problem.Code?] {
        answers.map { if case .failure(let problem) = $0 { problem.code } else { nil } }
    }

    @Test func `a key is an account`() async throws {
        let ledger = MemoryLedger()
        let key = try await key(ledger)
        let answers = try await ask(authenticator(ledger), ["Bearer \(key)", "bearer \(key)"])
        #expect(try answers.map { try $0.get().team } == ["design", "design"])
        #expect(try answers.map { try $0.get().role } == [.member, .member])
    }

    @Test func `blanks around a key are nobody's`() throws {
        for header in [
            "Bearer k", "bearer k", "Bearer  k", "Bearer\tk", "Bearer k ", "Bearer k \t ", "Bearer k\r\n",
            "BEARER \t k ",
        ] {
            #expect(Authenticator.bearerKey(header) == "k", "\(header.debugDescription)")
        }
        for header in ["", "Bearer", "Bearer ", "Bearer \t ", "k", "Basic k", "Bearerk"] {
            #expect(Authenticator.bearerKey(header) == nil, "\(header.debugDescription)")
        }
    }

    @Test func `a key with blanks behind it is the same key`() async throws {
        let ledger = MemoryLedger()
        let key = try await key(ledger)
        let answers = try await ask(
            authenticator(ledger),
            ["Bearer \(key) ", "Bearer  \(key)\t", "Bearer \(Self.adminKey)  "]
        )
        #expect(try answers.map { try $0.get().role } == [.member, .member, .admin])
        // Wherever the blanks stand: in the configured key as well.
        let padded = Authenticator(
            ledger: ledger,
            adminKey: Self.adminKey + " \n",
            adminTeam: TeamRecord(id: 9, name: "default", createdAt: SampleTrade.moment),
            time: .system
        )
        #expect(try await ask(padded, ["Bearer \(Self.adminKey)"])[0].get().role == .admin)
    }

    @Test func `the operator's key needs no ledger`() async throws {
        let ledger = MemoryLedger()
        ledger.fail("account")
        let account = try await ask(authenticator(ledger), ["Bearer \(Self.adminKey)"])[0].get()
        #expect(account.role == .admin)
        #expect(account.teamID == 9)
        #expect(account.keyID == Authenticator.adminKeyID)
    }

    @Test func `everything else is nobody`() async throws {
        let ledger = MemoryLedger()
        let key = try await key(ledger)
        let headers: [String?] = [
            nil, "", key, "Basic \(key)", "Bearer", "Bearer ", "Bearer \(key)x", "Bearer \(key.dropLast())",
            "Bearer \(key) x", "Bearer \(key.uppercased())", "Bearer    ", "Bearer\(key)", "\(key) ",
        ]
        let codes = codes(try await ask(authenticator(ledger), headers))
        #expect(codes == headers.map { _ in .unauthenticated })
    }

    @Test func `a key is looked up once and then remembered`() async throws {
        let ledger = MemoryLedger()
        let key = try await key(ledger)
        let authenticator = authenticator(ledger)
        _ = try await ask(authenticator, ["Bearer \(key)", "Bearer \(key)", "Bearer \(key)"])
        #expect(ledger.lookUps == 1)
        // What is remembered is good while the ledger is away.
        ledger.fail("account")
        #expect(codes(try await ask(authenticator, ["Bearer \(key)"])) == [nil])
        authenticator.forgetAll()
        #expect(codes(try await ask(authenticator, ["Bearer \(key)"])) == [.unavailable])
    }

    @Test func `what was remembered is looked up again after its time`() async throws {
        let ledger = MemoryLedger()
        let key = try await key(ledger)
        let authenticator = authenticator(ledger, memory: AnswerMemory(known: .zero, unknown: .zero))
        _ = try await ask(authenticator, ["Bearer \(key)", "Bearer \(key)", "Bearer \(key)"])
        #expect(ledger.lookUps == 3)
    }

    @Test func `unknown keys are remembered too, but not for long`() async throws {
        let ledger = MemoryLedger()
        let (key, new) = KeyMaker.make(team: "design", role: .member, now: SampleTrade.moment)
        let answers = codes(try await ask(authenticator(ledger), Array(repeating: "Bearer \(key)", count: 20)))
        #expect(answers == Array(repeating: .unauthenticated, count: 20))
        #expect(ledger.lookUps == 1)

        let standing = AnswerMemory()
        #expect(standing.unknown < standing.known)
        let forgetful = authenticator(
            ledger,
            memory: AnswerMemory(known: .seconds(3600), unknown: .milliseconds(50))
        )
        #expect(codes(try await ask(forgetful, ["Bearer \(key)"])) == [.unauthenticated])
        try await ledger.createKey(new)
        #expect(await eventually { (try? await codes(ask(forgetful, ["Bearer \(key)"]))) == [nil] })
    }

    @Test func `a revoked key is refused once it is forgotten`() async throws {
        let ledger = MemoryLedger()
        let key = try await key(ledger)
        let authenticator = authenticator(ledger)
        #expect(codes(try await ask(authenticator, ["Bearer \(key)"])) == [nil])
        let id = try #require(try await ledger.keys(team: nil).first?.id)
        #expect(try await ledger.revokeKey(id, at: SampleTrade.moment))
        authenticator.forgetAll()
        #expect(codes(try await ask(authenticator, ["Bearer \(key)"])) == [.unauthenticated])
    }

    @Test func `a key that expires is refused though it is remembered`() async throws {
        let ledger = MemoryLedger()
        let (key, new) = KeyMaker.make(team: "design", role: .member, now: SampleTrade.moment)
        let record = new.record
        let expiring = KeyRecord(
            id: record.id,
            team: record.team,
            prefix: record.prefix,
            role: record.role,
            project: nil,
            createdAt: record.createdAt,
            expiresAt: SampleTrade.moment + .seconds(10),
            revokedAt: nil,
            requestsPerMinute: nil,
            maxConcurrent: nil,
            inlinePolicies: false
        )
        try await ledger.createKey(NewKey(record: expiring, hash: new.hash))
        let now = Locked(SampleTrade.moment)
        let authenticator = authenticator(ledger, time: TimeSource { now.withLock { $0 } })
        let answers = try await ask(authenticator, ["Bearer \(key)", "Bearer \(key)"]) {
            now.withLock { $0 = $0 + .seconds(11) }
        }
        #expect(codes(answers) == [nil, .unauthenticated])
    }

    @Test func `an administrative request wants an admin`() async throws {
        let ledger = MemoryLedger()
        let member = try await key(ledger)
        let admin = try await key(ledger, role: .admin)
        let headers = ["Bearer \(member)", "Bearer \(admin)", "Bearer \(Self.adminKey)"]
        #expect(codes(try await ask(authenticator(ledger), headers, admin: true)) == [.forbidden, nil, nil])
    }
}
