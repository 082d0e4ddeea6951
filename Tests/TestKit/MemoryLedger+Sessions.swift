package import EaselBase
package import EaselCore

extension MemoryLedger {
    package func open(_ session: PageSession, most: Int) async throws(LedgerError) {
        try with("open") { state in
            guard !state.sessions.contains(where: { $0.hash == session.hash }) else { return }
            state.sessions.append(session)
            state.sessions.removeAll { $0.keyHash == session.keyHash && $0.expiresAt <= session.createdAt }
            let own = state.sessions.filter { $0.keyHash == session.keyHash }.sorted { $0.createdAt > $1.createdAt }
            let gone = Set(own.dropFirst(most))
            state.sessions.removeAll { gone.contains($0) }
        }
    }

    package func session(_ hash: [UInt8], at moment: Timestamp) async throws(LedgerError) -> PageSession? {
        try with("session") { state in state.sessions.first { $0.hash == hash && $0.expiresAt > moment } }
    }

    package func closeSession(_ hash: [UInt8]) async throws(LedgerError) {
        try with("closeSession") { state in state.sessions.removeAll { $0.hash == hash } }
    }
}
