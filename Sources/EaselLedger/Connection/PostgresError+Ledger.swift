import EaselCore

extension PostgresError {
    /// The error as the ledger's callers see it.
    var ledgerError: LedgerError {
        switch verdict {
        case .reconnect, .repeatWork, .resetStatements, .unavailable: .unavailable(sentence)
        case .conflict: .conflict(sentence)
        case .noPartition: .rejected("a row lies outside the months that are kept")
        case .rejected: .rejected(sentence)
        }
    }
}
