package import EaselBase
package import EaselCore
package import Foundation

/// Prices and budgets, and what changes of them mean for calls that are over, by the rules of PostgreSQL.
extension MemoryBook {
    /// In the order of the table: by provider, model, speed (a line for every speed last), character reference, date.
    package var pricesInOrder: [PriceEntry] {
        func rank(_ entry: PriceEntry) -> (String, String, String, Int, Timestamp) {
            let speed = entry.renderingSpeed.map(\.rawValue) ?? "~"
            return (
                entry.provider, entry.model.rawValue, speed, entry.characterReference ? 1 : 0, entry.effectiveFrom
            )
        }
        return prices.sorted { rank($0) < rank($1) }
    }

    package mutating func setPrices(_ entries: [PriceEntry], by actor: String, at moment: Timestamp) -> PriceWriting {
        let written = PriceBook.written(entries, over: prices)
        for entry in written {
            let place = prices.firstIndex { $0.place == entry.place }
            priceChanges.append(
                PriceChange(
                    entry: entry,
                    before: place.map { prices[$0].perImage },
                    changedAt: moment,
                    changedBy: actor
                )
            )
            if let place { prices[place] = entry } else { prices.append(entry) }
        }
        termsVersion += 1
        return PriceWriting(changed: written)
    }

    /// Ended attempts since a moment whose cost is an estimate, or that delivered without a price, in the order of their ids.
    package func estimates(since: Timestamp, after cursor: UUID?, limit: Int) -> [EstimatedAttempt] {
        let all = calls.values.filter { $0.settlement != nil }.flatMap { entry in
            entry.starts.compactMap { start in entry.ends[start.attemptID].map { (start: start, end: $0) } }
                .filter { start, end in
                    [.succeeded, .partial].contains(end.outcome) && end.imagesReturned > 0
                        && (end.costBasis == .priceBook || (end.cost == nil && end.reason == "ok"))
                        && start.startedAt >= since
                }
                .map { start, end in estimate(entry.admission, start, end) }
        }
        return Array(
            all.sorted { $0.attemptID.text < $1.attemptID.text }
                .drop { attempt in cursor.map { attempt.attemptID.text <= $0.text } ?? false }.prefix(limit)
        )
    }

    private func estimate(_ admission: Admission, _ start: AttemptStart, _ end: AttemptEnd) -> EstimatedAttempt {
        let parameters = admission.parameters
        let speed = parameters[RemixParameter.renderingSpeed.rawValue]?.stringValue
        return EstimatedAttempt(
            attemptID: start.attemptID,
            key: admission.key,
            startedAt: start.startedAt,
            provider: start.provider,
            model: admission.model,
            speed: speed.flatMap { RenderingSpeed(rawValue: $0) } ?? .default,
            characterReference: parameters[RemixParameter.characterReferenceImages.rawValue] != nil,
            imagesReturned: end.imagesReturned,
            price: start.pricePerImage,
            cost: end.cost,
            isReconciled: confirmations[start.attemptID] != nil
        )
    }

    package mutating func reprice(_ repricing: Repricing) {
        let confirmed = Set(confirmations.keys)
        let changed = calls[repricing.callID]?.reprice(repricing, confirmed: confirmed) ?? []
        for id in changed { confirmations[id] = nil }
    }

    // MARK: - Budgets

    /// The budgets as they stand. Nil: every team's and the organisation's.
    package func standings(teamID: Int64?, at moment: Timestamp) -> [BudgetStanding] {
        budgets.filter { teamID == nil || $0.teamID == teamID }.map { standing($0, at: moment) }
    }

    /// - Throws: `.notFound` when the scope names something that is not there, `.rejected` when nothing says how much, or which
    ///   of several budgets is meant.
    package mutating func changeBudget(_ wish: BudgetChange, at moment: Timestamp) throws(LedgerError) -> BudgetWriting
    {
        guard let teamID = owner(of: wish.scope) else { throw .notFound("what the budget is for is not there") }
        let before: Budget?
        let budget: Budget
        switch wish.target(among: budgets.filter { $0.scope == wish.scope }) {
        case .unclear(let why): throw .rejected(why)
        case .existing(let found): (before, budget) = (found, wish.applied(to: found))
        case .new(let whole): (before, budget) = (nil, Budget(whole, teamID: teamID, at: moment))
        }
        if let place = budgets.firstIndex(where: { $0.id == budget.id }) {
            budgets[place] = budget
        } else {
            budgets.append(budget)
        }
        termsVersion += 1
        return BudgetWriting(before: before, after: standing(budget, at: moment))
    }

    private func owner(of scope: BudgetScope) -> Int64? {
        switch scope {
        case .org: return 0
        case .team(let name), .project(let name, _): return teams.first { $0.name == name }?.id
        case .key(let id):
            let team = accountKeys.first { $0.record.id == id }?.record.team
            return teams.first { $0.name == team }?.id
        }
    }

    /// Nil ends the raise that stands.
    /// - Throws: `.notFound`, and `.conflict` where another raise stands, or one that counts something else.
    package mutating func raiseBudget(
        _ id: UUID,
        _ raise: BudgetRaise?,
        at moment: Timestamp
    ) throws(LedgerError) -> BudgetStanding {
        guard let place = budgets.firstIndex(where: { $0.id == id }) else {
            throw .notFound("there is no such budget")
        }
        let old = budgets[place]
        if let raise {
            guard old.limit.isAlike(raise.by) else {
                throw .conflict("the budget and the raise count different things")
            }
            if let other = old.raise, other.until > moment { throw .conflict("a raise stands already; end it first") }
        }
        budgets[place] = Budget(
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
        termsVersion += 1
        return standing(budgets[place], at: moment)
    }

    package mutating func removeBudget(_ id: UUID) -> Bool {
        guard budgets.contains(where: { $0.id == id }) else { return false }
        budgets.removeAll { $0.id == id }
        termsVersion += 1
        return true
    }
}
