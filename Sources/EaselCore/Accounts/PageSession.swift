package import EaselBase

/// Somebody is signed in at the built-in page: for a while a cookie stands for a key. It is worth no more than the key: it
/// ends when the key is revoked or expires.
package struct PageSession: Sendable, Hashable {
    /// SHA-256 of the cookie's value, which is nowhere itself (S1).
    package let hash: [UInt8]
    /// SHA-256 of the key that it was opened with.
    package let keyHash: [UInt8]
    package let createdAt: Timestamp
    package let expiresAt: Timestamp

    package init(hash: [UInt8], keyHash: [UInt8], createdAt: Timestamp, expiresAt: Timestamp) {
        self.hash = hash
        self.keyHash = keyHash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// Who is signed in, for every gateway of one database.
package protocol SessionBook: Sendable {
    /// Keeps a session. Those of its key that are over go, and the oldest of the others where there are more than `most` then.
    func open(_ session: PageSession, most: Int) async throws(LedgerError)
    /// Nil when there is none of that hash, or it is over.
    func session(_ hash: [UInt8], at moment: Timestamp) async throws(LedgerError) -> PageSession?
    /// Ends it; nothing happens when there is none.
    func closeSession(_ hash: [UInt8]) async throws(LedgerError)
}
