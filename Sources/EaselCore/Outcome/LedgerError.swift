import EaselBase

/// What can go wrong with the ledger.
package enum LedgerError: Error, Sendable, Hashable, Explained {
    /// The database is away, or refuses writes for now: nothing was changed, or a repeat does no harm.
    case unavailable(String)
    /// A name is taken, or a row contradicts the write.
    case conflict(String)
    case notFound(String)
    /// The database refused the statement for a reason that a repeat will not mend.
    case rejected(String)

    /// What it says, for operators.
    package var sentence: String {
        switch self {
        case .unavailable(let text), .conflict(let text), .notFound(let text), .rejected(let text): text
        }
    }
}
