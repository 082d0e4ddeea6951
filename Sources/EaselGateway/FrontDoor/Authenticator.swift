import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Finds out who is asking: key -> Account, with a short memory so that a call does not cost a query.
///
/// Keys are looked up by their SHA-256, never stored or compared in the clear (S1). A revoked key is forgotten at once in
/// this process, elsewhere when the memory of it runs out.
final class Authenticator: Sendable {
    /// How long an answer of the ledger is believed.
    static let memory = Duration.seconds(5)
    static let rememberedKeys = 10_000
    /// The key id under which the operator's own calls are logged.
    static let adminKeyID = UUID(uuid: (0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1))

    private struct Remembered {
        let account: Account?
        let until: SteadyInstant
    }

    private let ledger: any Ledger
    private let time: TimeSource
    private let adminHash: [UInt8]
    private let adminTeam: TeamRecord
    private let remembered = Locked<[[UInt8]: Remembered]>([:])

    init(ledger: any Ledger, adminKey: String, adminTeam: TeamRecord, time: TimeSource) {
        self.ledger = ledger
        self.time = time
        self.adminTeam = adminTeam
        adminHash = Crypto.sha256(Array(adminKey.trimmingCharacters(in: .whitespacesAndNewlines).utf8))
    }

    func account(for request: ServerRequest) async throws(Problem) -> Account {
        guard let header = request.fields["Authorization"], let key = Self.bearerKey(header) else {
            throw Problem(.unauthenticated, "Send the key as `Authorization: Bearer KEY`.")
        }
        let hash = Crypto.sha256(Array(key.utf8))
        if Crypto.equalInConstantTime(hash, adminHash) {
            request.clientIsKnown()
            return Account(
                teamID: adminTeam.id,
                team: adminTeam.name,
                keyID: Self.adminKeyID,
                role: .admin,
                inlinePolicies: true
            )
        }
        guard let account = try await lookUp(hash) else {
            throw Problem(.unauthenticated, "The key is not known, has expired or was revoked.")
        }
        if let expiry = account.expiresAt, expiry <= time.now {
            throw Problem(.unauthenticated, "The key is not known, has expired or was revoked.")
        }
        request.clientIsKnown()
        return account
    }

    /// The key of an `Authorization` header. No key of ours holds a blank, so those around it are nobody's.
    static func bearerKey(_ header: String) -> Substring? {
        let parts = header.split(maxSplits: 1) { $0 == " " || $0 == "\t" }
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        let isBlank: (Character) -> Bool = { $0.isWhitespace }
        let key = parts[1].drop(while: isBlank)
        guard let last = key.lastIndex(where: { !isBlank($0) }) else { return nil }
        return key[...last]
    }

    func admin(for request: ServerRequest) async throws(Problem) -> Account {
        let account = try await account(for: request)
        guard account.role == .admin else { throw Problem(.forbidden, "This needs an admin key.") }
        return account
    }

    func forgetAll() {
        remembered.withLock { $0.removeAll() }
    }

    private func lookUp(_ hash: [UInt8]) async throws(Problem) -> Account? {
        let now = SteadyInstant.now
        if let known = remembered.withLock({ $0[hash] }), now < known.until { return known.account }
        let account: Account?
        do {
            account = try await ledger.account(keyHash: hash)
        } catch {
            throw Problem(error)
        }
        remembered.withLock { memory in
            // Unknown keys are remembered for a shorter time, and a flood of them does not grow the memory.
            if memory.count >= Self.rememberedKeys { memory.removeAll(keepingCapacity: true) }
            memory[hash] = Remembered(
                account: account,
                until: now + (account == nil ? .seconds(1) : Self.memory)
            )
        }
        return account
    }
}

/// The limits of a key: requests a minute (a bucket that refills steadily) and requests at once.
final class KeyLimits: Sendable {
    private struct State {
        var tokens: Double
        var refilledAt: SteadyInstant
        var running = 0
        /// Seconds that requests have spent here, together, and how many have ended: their mean is how long one takes.
        var spent = 0.0
        var ended = 0.0
        var changedAt: SteadyInstant

        mutating func change(by step: Int, at now: SteadyInstant) {
            spent += Double(running) * max(0, now.since(changedAt).secondsAsDouble)
            changedAt = now
            running += step
            guard step < 0 else { return }
            ended += 1
            // The last few dozen count.
            if ended >= 64 { (spent, ended) = (spent / 2, ended / 2) }
        }

        /// An estimate of when one of `most` requests ends: the time one takes, by those that ended, shared by all of
        /// them. A second before anything is known, and within reason.
        func wait(forOneOf most: Int) -> Duration {
            guard ended > 0 else { return .seconds(1) }
            return .milliseconds(Int64(min(max(spent / ended / Double(max(most, 1)), 1), 30) * 1000))
        }
    }

    private let states = Locked<[UUID: State]>([:])

    /// Takes a place for one request. Call `leave` for each success.
    func enter(_ account: Account, now: SteadyInstant = .now) throws(Problem) {
        guard account.requestsPerMinute != nil || account.maxConcurrent != nil else { return }
        let refusal: Problem? = states.withLock { states in
            let perMinute = Double(account.requestsPerMinute ?? 0)
            var state = states[account.keyID] ?? State(tokens: perMinute, refilledAt: now, changedAt: now)
            defer { states[account.keyID] = state }
            if let most = account.maxConcurrent, state.running >= most {
                return Problem(
                    .rateLimited,
                    "This key may have \(most) requests at once.",
                    retryAfter: state.wait(forOneOf: most)
                )
            }
            if account.requestsPerMinute != nil {
                let gained = now.since(state.refilledAt).secondsAsDouble * perMinute / 60
                state.tokens = min(perMinute, state.tokens + gained)
                state.refilledAt = now
                guard state.tokens >= 1 else {
                    let wait = (1 - state.tokens) * 60 / max(perMinute, 1e-9)
                    return Problem(
                        .rateLimited,
                        "This key may send \(Int(perMinute)) requests a minute.",
                        retryAfter: .milliseconds(Int64(wait * 1000))
                    )
                }
                state.tokens -= 1
            }
            state.change(by: 1, at: now)
            return nil
        }
        if let refusal { throw refusal }
    }

    func leave(_ account: Account, now: SteadyInstant = .now) {
        guard account.requestsPerMinute != nil || account.maxConcurrent != nil else { return }
        states.withLock { $0[account.keyID]?.change(by: -1, at: now) }
    }
}
