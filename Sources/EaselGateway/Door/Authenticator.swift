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
    /// How long an answer of the ledger is believed: the key, and that there is no such key.
    struct Memory {
        var known = Duration.seconds(5)
        var unknown = Duration.seconds(1)
    }

    static let rememberedKeys = 10_000
    /// The key id under which the operator's own calls are logged.
    static let adminKeyID = UUID(uuid: (0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1))

    static let help = "Send the key as `Authorization: Bearer KEY`."

    private struct Remembered {
        let account: Account?
        let until: SteadyInstant
    }

    private let ledger: any People
    private let time: TimeSource
    private let adminHash: [UInt8]
    private let adminTeam: TeamRecord
    private let memory: Memory
    private let remembered = Locked<[[UInt8]: Remembered]>([:])

    init(
        ledger: any People,
        adminKey: String,
        adminTeam: TeamRecord,
        time: TimeSource,
        memory: Memory = Memory()
    ) {
        self.ledger = ledger
        self.time = time
        self.memory = memory
        self.adminTeam = adminTeam
        adminHash = Crypto.sha256(Array(adminKey.trimmingCharacters(in: .whitespacesAndNewlines).utf8))
    }

    func account(for request: ServerRequest) async throws(Problem) -> Account {
        guard let header = request.fields["Authorization"], let key = Self.bearerKey(header) else {
            throw Problem(.unauthenticated, Self.help)
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
        let until = now + (account == nil ? memory.unknown : memory.known)
        remembered.withLock { remembered in
            // Unknown keys are remembered for a shorter time, and a flood of them does not grow the memory.
            if remembered.count >= Self.rememberedKeys { remembered.removeAll(keepingCapacity: true) }
            remembered[hash] = Remembered(account: account, until: until)
        }
        return account
    }
}
