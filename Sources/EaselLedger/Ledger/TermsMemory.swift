import EaselCore

/// What a ledger remembers of budgets, to write less: nothing here decides whether money may be spent.
struct TermsMemory: Sendable {
    /// Windows whose rows were committed. Beyond the limit it starts anew: to make sure once too often does no harm.
    private(set) var windows: Set<AppliedBudget> = []
    /// The teams that have budgets, 0 for the organisation. A team that is missing here costs only the order of locks.
    var teams: Set<Int64> = []

    private static let rememberedWindows = 10_000

    mutating func remember(_ made: [AppliedBudget]) {
        if windows.count > Self.rememberedWindows { windows = [] }
        windows.formUnion(made)
    }

    /// After a change of the terms: a budget that was removed took its windows with it.
    mutating func forgetWindows() { windows = [] }
}
