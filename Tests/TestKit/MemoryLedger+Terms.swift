package import EaselBase
package import EaselCore
import EaselMemory
package import Foundation

extension MemoryLedger {
    package func spendingTerms() async throws(LedgerError) -> SpendingTerms {
        try with("spendingTerms") { state in
            state.book.terms
        }
    }

    package func idempotentCall(
        teamID: Int64,
        key: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> IdempotentCall? {
        try with("idempotentCall") { state in
            state.book.idempotentCall(teamID: teamID, key: key, at: moment)
        }
    }

    // MARK: Prices

    package func prices() async throws(LedgerError) -> [PriceEntry] { try with("prices") { $0.book.prices } }

    @discardableResult
    package func setPrices(
        _ entries: [PriceEntry],
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> PriceWriting {
        try with("setPrices") { state in
            let written = PriceBook.written(entries, over: state.book.prices)
            for entry in written {
                let place = state.book.prices.firstIndex { line in
                    line.provider == entry.provider && line.model == entry.model
                        && line.renderingSpeed == entry.renderingSpeed
                        && line.characterReference == entry.characterReference
                        && line.effectiveFrom == entry.effectiveFrom
                }
                let before = place.map { state.book.prices[$0].perImage }
                if let place { state.book.prices[place] = entry } else { state.book.prices.append(entry) }
                state.priceChanges.insert(
                    PriceChange(entry: entry, before: before, changedAt: moment, changedBy: actor),
                    at: 0
                )
            }
            state.book.termsVersion += 1
            if !written.isEmpty {
                let lines = state.priceChanges.prefix(written.count).reversed().map {
                    (entry: $0.entry, before: $0.before)
                }
                state.note(.prices(lines, by: actor, at: moment))
            }
            return PriceWriting(changed: written)
        }
    }

    package func priceChanges(limit: Int) async throws(LedgerError) -> [PriceChange] {
        try with("priceChanges") { Array($0.priceChanges.prefix(limit)) }
    }

    package func estimates(
        since: Timestamp,
        after cursor: UUID?,
        limit: Int
    ) async throws(LedgerError) -> [EstimatedAttempt] {
        try with("estimates") { state in
            let all = state.calls.values.filter { $0.settlement != nil }.flatMap { entry in
                entry.ends.values.filter { end in
                    (end.outcome == .succeeded || end.outcome == .partial) && end.imagesReturned > 0
                        && (end.costBasis == .priceBook || end.cost == nil)
                }
                .map { end in
                    EstimatedAttempt(
                        attemptID: end.start.attemptID,
                        callID: end.start.callID,
                        teamID: end.start.teamID,
                        receivedAt: entry.admission.receivedAt,
                        startedAt: end.start.startedAt,
                        provider: end.start.provider,
                        model: entry.admission.model,
                        speed: .default,
                        characterReference: false,
                        imagesReturned: end.imagesReturned,
                        price: end.start.pricePerImage,
                        cost: end.cost
                    )
                }
            }
            let sorted = all.sorted { $0.attemptID.uuidString < $1.attemptID.uuidString }
            let rest = sorted.filter { attempt in
                attempt.startedAt >= since && (cursor.map { attempt.attemptID.uuidString > $0.uuidString } ?? true)
            }
            return Array(rest.prefix(limit))
        }
    }

    package func reprice(_ repricing: Repricing) async throws(LedgerError) {
        try with("reprice") { state in
            for line in repricing.lines {
                guard let old = state.calls[repricing.callID]?.ends[line.attemptID], old.costBasis != .provider else {
                    continue
                }
                state.book.calls[repricing.callID]?.ends[line.attemptID] = AttemptEnd(
                    start: old.start,
                    outcome: old.outcome,
                    reason: old.reason,
                    errorCode: old.errorCode,
                    httpStatus: old.httpStatus,
                    sent: old.sent,
                    cost: line.cost,
                    costBasis: .priceBook,
                    timings: old.timings,
                    endedAt: old.endedAt,
                    imagesReturned: old.imagesReturned,
                    providerTaskID: old.providerTaskID,
                    providerRequestID: old.providerRequestID,
                    extra: old.extra
                )
            }
            state.events.append("reprice")
        }
    }

    // MARK: Budgets

    package func budgets(teamID: Int64?, at moment: Timestamp) async throws(LedgerError) -> [BudgetStanding] {
        try with("budgets") { state in
            state.book.budgets.filter { teamID == nil || $0.teamID == teamID }.map {
                state.book.standing($0, at: moment)
            }
        }
    }

    package func changeBudget(
        _ wish: BudgetChange,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetWriting {
        try with("changeBudget") { (state) throws(LedgerError) in
            try Self.change(wish, by: actor, at: moment, &state)
        }
    }

    package func previewBudget(
        _ wish: BudgetChange,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetPreview {
        try with("previewBudget") { (state) throws(LedgerError) in
            var copy = state
            let writing = try Self.change(wish, by: "preview", at: moment, &copy)
            let budget = writing.after.budget
            let teams = state.book.teams.filter { budget.teamID == 0 || budget.teamID == $0.id }.map { team in
                let keys = state.keys.filter { $0.key.record.team == team.name && $0.revokedAt == nil }
                return BudgetPreview.Team(
                    name: team.name,
                    keys: keys.count,
                    spent: writing.after.posted,
                    reserved: writing.after.reserved
                )
            }
            return BudgetPreview(writing: writing, teams: teams)
        }
    }

    private static func change(
        _ wish: BudgetChange,
        by actor: String,
        at moment: Timestamp,
        _ state: inout State
    ) throws(LedgerError) -> BudgetWriting {
        let teamID: Int64
        switch wish.scope {
        case .org: teamID = 0
        case .team(let name), .project(let name, _):
            guard let team = state.book.teams.first(where: { $0.name == name }) else {
                throw .notFound("no such team")
            }
            teamID = team.id
        case .key(let id):
            guard let key = state.keys.first(where: { $0.key.record.id == id }),
                let team = state.book.teams.first(where: { $0.name == key.key.record.team })
            else { throw .notFound("no such key") }
            teamID = team.id
        }
        let before: Budget?
        let budget: Budget
        switch wish.target(among: state.book.budgets) {
        case .unclear(let why): throw .rejected(why)
        case .existing(let found): (before, budget) = (found, wish.applied(to: found))
        case .new(let whole): (before, budget) = (nil, Budget(whole, teamID: teamID, at: moment))
        }
        state.book.budgets.removeAll { $0.id == budget.id }
        state.book.budgets.append(budget)
        state.book.termsVersion += 1
        state.note(.budget(.setBudget, before, budget, by: actor, at: moment))
        return BudgetWriting(before: before, after: state.book.standing(budget, at: moment))
    }

    package func raiseBudget(
        _ id: UUID,
        _ raise: BudgetRaise?,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetStanding {
        try with("raiseBudget") { (state) throws(LedgerError) in
            guard let place = state.book.budgets.firstIndex(where: { $0.id == id }) else {
                throw .notFound("no such budget")
            }
            let old = state.book.budgets[place]
            if raise != nil, let other = old.raise, other.until > moment { throw .conflict("a raise stands already") }
            let budget = Budget(
                id: old.id,
                teamID: old.teamID,
                scope: old.scope,
                period: old.period,
                limit: old.limit,
                isHard: old.isHard,
                warnAt: old.warnAt,
                timezone: old.timezone,
                raise: raise
            )
            state.book.budgets[place] = budget
            state.book.termsVersion += 1
            state.note(.budget(raise == nil ? .endRaise : .raiseBudget, old, budget, by: actor, at: moment))
            return state.book.standing(budget, at: moment)
        }
    }

    package func removeBudget(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try with("removeBudget") { state in
            guard let place = state.book.budgets.firstIndex(where: { $0.id == id }) else { return false }
            let budget = state.book.budgets.remove(at: place)
            state.book.termsVersion += 1
            state.note(.budget(.removeBudget, budget, nil, by: actor, at: moment))
            return true
        }
    }

    package func explainBudget(
        _ id: UUID,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> BudgetExplanation? {
        try with("explainBudget") { state in
            state.book.budgets.first { $0.id == id }.map {
                BudgetExplanation(
                    standing: state.book.standing($0, at: moment),
                    groups: [],
                    calls: [],
                    reservations: []
                )
            }
        }
    }

    package func changeTeam(
        _ name: String,
        _ change: TeamChange,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> TeamRecord {
        try with("setTeam") { (state) throws(LedgerError) in
            guard let place = state.book.teams.firstIndex(where: { $0.name == name }) else {
                throw .notFound("no such team")
            }
            let old = state.book.teams[place]
            let projects: [String]? =
                switch change.projects {
                case .any: nil
                case .only(let names): names
                case nil: old.knownProjects
                }
            let team = TeamRecord(
                id: old.id,
                name: name,
                createdAt: old.createdAt,
                allowsUnpriced: change.allowsUnpriced ?? old.allowsUnpriced,
                knownProjects: projects
            )
            state.book.teams[place] = team
            state.book.termsVersion += 1
            state.note(.changed(old, team, by: actor, at: moment))
            return team
        }
    }
}
