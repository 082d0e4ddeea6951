import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Finds out who is asking: key or session -> Account, with a short memory so that a call does not cost a query.
///
/// Both are looked up by their SHA-256, never stored or compared in the clear (S1). A revoked key is forgotten at once in
/// this process, elsewhere when the memory of it runs out; its sessions count no longer than itself.
final class Authenticator: Sendable {
    /// How long an answer of the ledger is believed.
    static let memory = Duration.seconds(5)
    static let rememberedKeys = 10_000
    /// The key id under which the operator's own calls are logged.
    static let adminKeyID = UUID(uuid: (0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1))

    static let help = "Send the key as `Authorization: Bearer KEY`."

    /// What somebody shows: a key, or a session that was opened with one.
    struct Credential: Sendable, Hashable {
        let keyHash: [UInt8]
        var sessionHash: [UInt8]?
    }

    /// Who somebody is, and by what.
    struct Standing: Sendable {
        let account: Account
        let credential: Credential
        /// When it ends by itself; nil: never.
        let until: Timestamp?
    }

    private let ledger: any People & SessionBook
    private let time: TimeSource
    /// Where browsers find us, if it is configured.
    private let publicURL: String?
    private let adminHash: [UInt8]
    private let adminTeam: TeamRecord
    private let accounts = ShortMemory<Account>(most: rememberedKeys, length: memory)
    private let sessions = ShortMemory<PageSession>(most: rememberedKeys, length: memory)

    init(
        ledger: any People & SessionBook,
        adminKey: String,
        adminTeam: TeamRecord,
        publicURL: String? = nil,
        time: TimeSource
    ) {
        self.ledger = ledger
        self.time = time
        self.publicURL = publicURL
        self.adminTeam = adminTeam
        adminHash = Crypto.sha256(Array(adminKey.trimmingCharacters(in: .whitespacesAndNewlines).utf8))
    }

    /// Whose key or session the request has.
    func account(for request: ServerRequest) async throws(Problem) -> Account {
        try await standing(of: request).account
    }

    /// The same with what proves it. A key goes before a session.
    func standing(of request: ServerRequest) async throws(Problem) -> Standing {
        let standing: Standing
        if let header = request.fields["Authorization"] {
            guard let key = Self.bearerKey(header) else { throw Problem(.unauthenticated, Self.help) }
            standing = try await self.standing(of: Credential(keyHash: Crypto.sha256(Array(key.utf8))))
        } else {
            standing = try await self.standing(of: try await credential(ofSessionIn: request))
        }
        request.clientIsKnown()
        return standing
    }

    /// Whether what somebody has shown still counts.
    func standing(of credential: Credential) async throws(Problem) -> Standing {
        let now = time.now
        var until: Timestamp?
        if let hash = credential.sessionHash {
            guard let session = try await session(hash), session.keyHash == credential.keyHash, session.expiresAt > now
            else { throw Problem(.unauthenticated, Self.sessionOver) }
            until = session.expiresAt
        }
        if Crypto.equalInConstantTime(credential.keyHash, adminHash) {
            let account = Account(
                teamID: adminTeam.id,
                team: adminTeam.name,
                keyID: Self.adminKeyID,
                role: .admin,
                inlinePolicies: true
            )
            return Standing(account: account, credential: credential, until: until)
        }
        guard let account = try await lookUp(credential.keyHash), account.expiresAt.map({ $0 > now }) ?? true else {
            throw Problem(
                .unauthenticated,
                credential.sessionHash == nil
                    ? "The key is not known, has expired or was revoked." : Self.sessionOver
            )
        }
        return Standing(
            account: account,
            credential: credential,
            until: [until, account.expiresAt].compactMap(\.self).min()
        )
    }

    private static let sessionOver = "The session is over; sign in again."

    private func credential(ofSessionIn request: ServerRequest) async throws(Problem) -> Credential {
        guard let token = SessionCookie.token(in: request.fields) else { throw Problem(.unauthenticated, Self.help) }
        // A browser sends the cookie along whoever asks it to.
        if !Self.onlyReads(request), !RequestOrigin.isOwn(request.fields, publicURL: publicURL) {
            throw Problem(.forbidden, RequestOrigin.refusal)
        }
        let hash = Crypto.sha256(Array(token.utf8))
        guard let session = try await session(hash) else { throw Problem(.unauthenticated, Self.sessionOver) }
        return Credential(keyHash: session.keyHash, sessionHash: hash)
    }

    private static func onlyReads(_ request: ServerRequest) -> Bool { ["GET", "HEAD"].contains(request.method) }

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
        accounts.forgetAll()
        sessions.forgetAll()
    }

    // MARK: - Sessions

    /// Opens a session for a key. Its value is shown once; it is worth as much as the key for as long as it lasts.
    func open(key: String) async throws(Problem) -> (token: String, standing: Standing) {
        let now = time.now
        let keyHash = Crypto.sha256(Array(key.utf8))
        _ = try await standing(of: Credential(keyHash: keyHash))
        let token = SessionCookie.fresh()
        let session = PageSession(
            hash: Crypto.sha256(Array(token.utf8)),
            keyHash: keyHash,
            createdAt: now,
            expiresAt: now + SessionCookie.life
        )
        try await Problem.of { () async throws(LedgerError) in
            try await ledger.open(session, most: SessionCookie.mostOfKey)
        }
        return (token, try await standing(of: Credential(keyHash: keyHash, sessionHash: session.hash)))
    }

    /// Ends the request's session, if it has one. Throws `.forbidden` when another page asks for it.
    func close(for request: ServerRequest) async throws(Problem) {
        guard let token = SessionCookie.token(in: request.fields) else { return }
        guard RequestOrigin.isOwn(request.fields, publicURL: publicURL) else {
            throw Problem(.forbidden, RequestOrigin.refusal)
        }
        let hash = Crypto.sha256(Array(token.utf8))
        try await Problem.of { () async throws(LedgerError) in try await ledger.closeSession(hash) }
        sessions.forget(hash)
    }

    private func session(_ hash: [UInt8]) async throws(Problem) -> PageSession? {
        let moment = time.now
        let found = try await sessions.value(hash) { () async throws(LedgerError) in
            try await ledger.session(hash, at: moment)
        }
        guard let found, Crypto.equalInConstantTime(found.hash, hash) else { return nil }
        return found
    }

    private func lookUp(_ hash: [UInt8]) async throws(Problem) -> Account? {
        try await accounts.value(hash) { () async throws(LedgerError) in try await ledger.account(keyHash: hash) }
    }
}
