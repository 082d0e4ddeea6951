import EaselBase

/// Compares the log's sums with a provider's rows: pure, without a clock or a ledger.
///
/// A row is equal to the nanodollar, explained by attempts that can make up the difference, or unexplained. Estimates never
/// explain that a provider charged more than an attempt's upper bound.
package struct ReconciliationComparison: Sendable {
    /// The figures side by side; explanations have counts and amounts, and no lists yet but those of midnights.
    package struct Outcome: Sendable, Hashable {
        package var rows: [ReconciliationRow]
        package var foreign: [ForeignUsage]
        package var remarks: [String]
    }

    private let span: ReconciliationSpan
    private let names: BillingNames
    private let sums: [ReconciliationSum]
    private let nearMidnight: [LoggedAttempt]

    /// `names` are what the provider calls what the log has, `sums` the log's of the span, and `nearMidnight` the attempts
    /// with a `neighbour`, of the span and of the days beside it.
    package init(
        span: ReconciliationSpan,
        names: BillingNames,
        sums: [ReconciliationSum],
        nearMidnight: [LoggedAttempt]
    ) {
        self.span = span
        self.names = names
        self.sums = sums.filter { span.contains($0.day) }
        self.nearMidnight = nearMidnight
    }

    package func compare(_ usage: ProviderUsageTable) -> Outcome {
        var remarks = usage.remarks
        let inside = usage.rows.filter { span.contains($0.day) }
        if inside.count < usage.rows.count {
            let left = usage.rows.count - inside.count
            remarks.append("\(left) row\(left == 1 ? " lies" : "s lie") outside of the days asked for.")
        }
        let logged = Set(sums.map { names.billedName(of: $0.model) })
        var recognised: [ProviderUsageTable.Row] = []
        var strange: [ProviderUsageTable.Row] = []
        for var row in inside {
            if let model = row.model, let name = names.meaning(of: model) ?? (logged.contains(model) ? model : nil) {
                row.model = name
                recognised.append(row)
            } else if row.model == nil {
                recognised.append(row)
            } else {
                strange.append(row)
            }
        }
        var byDay = recognised.contains { $0.model == nil }
        if recognised.isEmpty, !strange.isEmpty {
            // Not one name is known, so they are another way of naming what is in the log, not other usage.
            (recognised, strange) = (strange, [])
            byDay = true
            remarks.append("None of the models' names is known to the log; days are compared as a whole.")
        } else if byDay {
            remarks.append("The provider's figures do not distinguish all models; days are compared as a whole.")
        }
        let foreign = strange.map {
            ForeignUsage(name: $0.model ?? "", requests: $0.requests, images: $0.images, cost: $0.cost)
        }
        return Outcome(
            rows: rows(recognised, byDay: byDay),
            foreign: ForeignUsage.merged(usage.foreign + foreign),
            remarks: remarks
        )
    }

    // MARK: - Rows

    private func rows(_ usage: [ProviderUsageTable.Row], byDay: Bool) -> [ReconciliationRow] {
        func key(_ logModel: String) -> String? { byDay ? nil : names.billedName(of: logModel) }
        let log = Dictionary(grouping: sums) { key($0.model) }
        let billed = Dictionary(grouping: usage) { byDay ? nil : $0.model }
        let near = Dictionary(grouping: nearMidnight) { key($0.model) }
        let models = Set(log.keys).union(billed.keys).sorted { ($0 ?? "") < ($1 ?? "") }
        return models.flatMap { model in
            column(model, log: log[model] ?? [], usage: billed[model] ?? [], near: near[model] ?? [])
        }
        .sorted { ($0.day, $0.model ?? "") < ($1.day, $1.model ?? "") }
    }

    /// One model through all days of the span.
    private func column(
        _ model: String?,
        log: [ReconciliationSum],
        usage: [ProviderUsageTable.Row],
        near: [LoggedAttempt]
    ) -> [ReconciliationRow] {
        let logByDay = Dictionary(grouping: log, by: \.day)
        let usageByDay = Dictionary(grouping: usage, by: \.day)
        // What is open about an attempt's cost is open on the other side of the midnight too.
        let strays = Dictionary(grouping: near.filter { $0.doubt != nil }) { $0.neighbour ?? $0.day }
        let cells = (0..<span.days).map { offset in
            let day = span.first.adding(offset)
            return Cell(
                day: day,
                log: logByDay[day] ?? [],
                usage: usageByDay[day] ?? [],
                strays: strays[day] ?? []
            )
        }
        let midnights = (0...span.days).map { offset in
            let later = span.first.adding(offset)
            return MidnightShifts(
                near.filter { max($0.day, $0.neighbour ?? $0.day) == later && $0.neighbour != nil }
            )
        }
        let outcomes = DayChain.solve(
            cells.map { DayChain.Day(difference: $0.difference, room: $0.room) },
            midnights: midnights
        )
        return zip(cells, outcomes).enumerated().compactMap { index, pair in
            let (cell, outcome) = pair
            guard !cell.isEmpty else { return nil }
            return cell.row(
                model,
                outcome,
                movedIn: midnights[index].attempts(for: outcome.movedIn),
                movedOut: midnights[index + 1].attempts(for: outcome.movedOut)
            )
        }
    }

    /// One day of one model, both sides.
    private struct Cell {
        let day: CivilDay
        let log: [ReconciliationSum]
        let usage: [ProviderUsageTable.Row]
        /// Attempts of a day beside it with a doubt that may be counted here.
        let strays: [LoggedAttempt]

        var known: Money { log.reduce(.zero) { $0 + $1.known } }
        /// A day that a provider says nothing about was not charged for.
        var provider: Money? { Money.sum(usage.map(\.cost)) }
        var difference: Money? { provider.map { $0 - known } }
        var isEmpty: Bool { log.isEmpty && provider == .zero }

        /// The doubts with their room, the likelier first.
        var open: [ReconciliationSum.Open] {
            var open: [ReconciliationSum.Open] = []
            if !strays.isEmpty {
                let room = strays.reduce(CostRoom.none) { $0 + $1.room }
                open.append(.init(doubt: .crossedMidnight, attempts: strays.count, room: room))
            }
            for doubt in Doubt.allCases {
                let parts = log.flatMap(\.open).filter { $0.doubt == doubt }
                guard !parts.isEmpty else { continue }
                open.append(
                    .init(
                        doubt: doubt,
                        attempts: parts.reduce(0) { $0 + $1.attempts },
                        room: parts.reduce(.none) { $0 + $1.room }
                    )
                )
            }
            return open
        }

        var room: CostRoom { open.reduce(.none) { $0 + $1.room } }

        func row(
            _ model: String?,
            _ outcome: DayChain.Outcome,
            movedIn: [LoggedAttempt],
            movedOut: [LoggedAttempt]
        ) -> ReconciliationRow {
            let isEqual = difference == .zero
            var explanations: [ReconciliationRow.Explanation] = []
            var unexplained: Money?
            if let difference, !isEqual {
                let moved = movedIn + movedOut
                if !moved.isEmpty {
                    let net = Money(nanodollars: outcome.movedIn - outcome.movedOut)
                    explanations.append(
                        .init(
                            kind: .crossedMidnight,
                            count: moved.count,
                            lowest: net,
                            highest: net,
                            attempts: moved.prefix(ReconciliationRow.listedAttempts).map { .init($0) }
                        )
                    )
                }
                let own = outcome.own(of: difference)
                explanations += reasons(for: own)
                if !outcome.isExplained { unexplained = beyond(own) }
            }
            return ReconciliationRow(
                day: day,
                model: model,
                logModels: log.map(\.model).sorted(),
                log: known,
                estimated: log.reduce(.zero) { $0 + $1.estimated },
                provider: provider,
                logRequests: log.reduce(0) { $0 + $1.requests },
                logImages: log.reduce(0) { $0 + $1.images },
                providerRequests: usage.isEmpty ? nil : ForeignUsage.sum(usage.map(\.requests)),
                providerImages: usage.isEmpty ? nil : ForeignUsage.sum(usage.map(\.images)),
                status: isEqual ? .equal : outcome.isExplained ? .explained : .unexplained,
                unexplained: unexplained,
                explanations: explanations
            )
        }

        /// The likeliest doubts that can make up an amount, no more than it takes.
        private func reasons(for amount: Money) -> [ReconciliationRow.Explanation] {
            var reasons: [ReconciliationRow.Explanation] = []
            var covered = CostRoom.none
            for part in open {
                if covered.contains(amount) { break }
                guard amount > .zero ? part.room.highest != .zero : part.room.lowest != .zero else { continue }
                covered = covered + part.room
                reasons.append(
                    .init(
                        kind: part.doubt,
                        count: part.attempts,
                        lowest: part.room.lowest,
                        highest: part.room.highest,
                        attempts: part.doubt == .crossedMidnight
                            ? strays.prefix(ReconciliationRow.listedAttempts).map { .init($0) } : []
                    )
                )
            }
            return reasons
        }

        /// The part of an amount that the doubts cannot make up.
        private func beyond(_ amount: Money) -> Money {
            let room = room
            if amount < room.lowest { return amount - room.lowest }
            guard let highest = room.highest, amount > highest else { return .zero }
            return amount - highest
        }
    }
}
