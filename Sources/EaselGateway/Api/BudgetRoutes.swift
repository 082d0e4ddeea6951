import EaselBase
import EaselCalls
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Budgets: who may spend how much, and what of it is used.
final class BudgetRoutes: Sendable {
    /// No budget is larger: below it sums cannot leave their range (S4).
    static let highest = Money(nanodollars: 100_000_000 * Money.nanodollarsPerDollar)
    static let mostImages = 1_000_000_000
    static let explainLimits = 1...1000
    static let mostWarnings = 10
    static let warningPercents = 1...1000

    static let routes: [ApiRoute] = [
        ApiRoute(
            "GET",
            "/v1/budgets",
            .ownTeam,
            "Budgets and their use",
            gives: [.json(.listing("budgets", of: Shapes.budget), "The budgets.")]
        ) { api, visit throws(Problem) in
            try await api.budgets.list(visit)
        },
        ApiRoute(
            "PUT",
            "/v1/budgets",
            .admin,
            "Sets a whole budget",
            query: .only([preview]),
            body: .object(
                [scope, .required("period", .choice(BudgetPeriod.self), "The length of its windows.")] + terms
            ),
            example: [
                "scope": "team:design", "period": "month", "limit_usd": "500", "hard": true, "warn_at": [50, 80],
            ],
            gives: [.json(.either([Shapes.budgetWritten, Shapes.budgetPreview]), "The budget, and its terms before.")],
            fails: [.conflict],
            note: "What is left out gets its default. The budget of this scope and period is replaced, or created."
        ) { api, visit throws(Problem) in try await api.budgets.set(visit, isWhole: true) },
        ApiRoute(
            "PATCH",
            "/v1/budgets",
            .admin,
            "Changes the named settings of a budget",
            query: .only([preview]),
            body: .object(
                [scope, .optional("period", .choice(BudgetPeriod.self), "Which one, if there are several.")] + terms
            ),
            example: ["scope": "team:design", "period": "month", "limit_usd": "600"],
            gives: [.json(.either([Shapes.budgetWritten, Shapes.budgetPreview]), "The budget, and its terms before.")],
            fails: [.conflict],
            note: "What is left out stays as it was."
        ) { api, visit throws(Problem) in try await api.budgets.set(visit, isWhole: false) },
        ApiRoute(
            "DELETE",
            "/v1/budgets/{id}",
            .admin,
            "Removes a budget",
            gives: [.nothing("The budget is removed.")],
            fails: [.conflict]
        ) { api, visit throws(Problem) in
            try await api.budgets.remove(visit)
        },
        ApiRoute(
            "GET",
            "/v1/budgets/{id}/explain",
            .ownTeam,
            "The calls and reservations that make up a budget's figures",
            load: .countedReport,
            query: .only([listed]),
            gives: [.json(Shapes.budgetExplanation, "What makes up its figures.")]
        ) { api, visit throws(Problem) in try await api.budgets.explain(visit) },
        ApiRoute(
            "POST",
            "/v1/budgets/{id}/raise",
            .admin,
            "Raises a limit for a while",
            body: .object([
                .optional("by_usd", .amount, "How much higher the limit is in that time; this or `by_images`."),
                .optional("by_images", .integer(0...mostImages), "The same for a budget in images."),
                .optional("from", .momentOrDay, "Now by default."),
                .required("until", .momentOrDay, "In the future and after `from`."),
            ]),
            example: ["by_usd": "50", "until": "2030-01-01"],
            gives: [.json(Shapes.budget, "The budget.")],
            fails: [.conflict]
        ) { api, visit throws(Problem) in try await api.budgets.raise(visit) },
        ApiRoute(
            "DELETE",
            "/v1/budgets/{id}/raise",
            .admin,
            "Ends a raise",
            gives: [.json(Shapes.budget, "The budget.")],
            fails: [.conflict]
        ) { api, visit throws(Problem) in
            try await api.budgets.endRaise(visit)
        },
    ]

    private static let listed = QueryParameter.integer(
        "limit",
        explainLimits,
        usual: 20,
        "How many calls and reservations to list."
    )
    private static let preview = QueryParameter.flag(
        "preview",
        "true: tells what would come of it and whom it concerns, and changes nothing."
    )
    private static let scope = Field.required(
        "scope",
        .text,
        "`org`, `team:NAME`, `project:TEAM/NAME` or `key:ID`."
    )
    private static let terms: [Field] = [
        .optional("limit_usd", .amount, "US dollars in a period; this or `limit_images`."),
        .optional("limit_images", .integer(0...mostImages), "Images in a period."),
        .optional("hard", .flag, "Whether calls that do not fit are stopped; true by default."),
        .optional(
            "warn_at",
            .list(of: .integer(warningPercents), 0...mostWarnings),
            "Percentages of the limit to warn at."
        ),
        .optional(
            "timezone",
            .text,
            "The time zone of days and months, such as `Europe/Berlin`; UTC by default."
        ),
    ]

    let ledger: any BudgetLedger & TermsBook
    let terms: TermsShelf

    init(ledger: any BudgetLedger & TermsBook, terms: TermsShelf) {
        self.ledger = ledger
        self.terms = terms
    }

    private struct List: JSONWritable {
        let budgets: [BudgetFigures]

        func write(to text: inout JSONText) {
            text.object { $0.member("budgets", budgets) }
        }
    }

    private func list(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        let standings = try await ask { () async throws(LedgerError) in
            try await self.ledger.budgets(teamID: visit.who.teamID, at: visit.now)
        }
        return .json(JSONText.bytes(of: List(budgets: standings.map { BudgetFigures($0, at: visit.now) })))
    }

    private func set(_ visit: Visit<Admin>, isWhole: Bool) async throws(Problem) -> ServerResponse {
        let change = try Self.change(visit.body, isWhole: isWhole)
        if visit[Self.preview] == true {
            let preview = try await ask { () async throws(LedgerError) in
                try await self.ledger.previewBudget(change, at: visit.now)
            }
            return .json(JSONText.bytes(of: BudgetPreviewReply(preview: preview, moment: visit.now)))
        }
        let writing = try await ask { () async throws(LedgerError) in
            try await self.ledger.changeBudget(change, by: visit.who.actor, at: visit.now)
        }
        try await refresh()
        return .json(JSONText.bytes(of: BudgetFigures(writing.after, at: visit.now, writing: writing)))
    }

    /// Reads a budget; every fault at once.
    private static func change(_ body: BodyFields, isWhole: Bool) throws(Problem) -> BudgetChange {
        var body = body
        let scopeText = body.text("scope", required: true)
        let scope = scopeText.flatMap { BudgetScope($0) }
        if let scopeText, scope == nil {
            body.fault(
                "scope",
                "is not known (\(scopeText.prefix(64))); use org, team:NAME, project:TEAM/NAME or key:ID"
            )
        }
        let periods = BudgetPeriod.allCases.map(\.rawValue).joined(separator: ", ")
        let periodText = body.text("period", required: isWhole)
        let period = periodText.flatMap { BudgetPeriod(rawValue: $0) }
        if periodText != nil, period == nil { body.fault("period", "must be one of \(periods)") }
        var limit: BudgetLimit?
        switch (body.has("limit_usd"), body.has("limit_images")) {
        case (true, true): body.fault("limit_images", "cannot be combined with limit_usd; create two budgets")
        case (false, false):
            if isWhole {
                body.fault("limit_usd", "is required (or limit_images): a decimal string such as \"500\"")
            }
        case (true, false): limit = body.money("limit_usd", most: highest).map { .money($0) }
        case (false, true): limit = body.integer("limit_images", in: 0...mostImages).map { .images($0) }
        }
        let isHard = body.flag("hard")
        let warnAt = warnings(&body)
        let timezone = body.text("timezone")
        if let timezone, LocalTime(timezone) == nil {
            body.fault("timezone", "is not a time zone; write UTC or a name such as Europe/Berlin")
        }
        guard body.faults.isEmpty, let scope else { throw .invalid(body.faults) }
        return BudgetChange(
            scope: scope,
            period: period,
            limit: limit,
            isHard: isWhole ? isHard ?? true : isHard,
            warnAt: isWhole ? warnAt ?? BudgetWish.defaultWarnings : warnAt,
            timezone: isWhole ? timezone ?? BudgetWish.defaultTimezone : timezone
        )
    }

    private static func warnings(_ body: inout BodyFields) -> [Int]? {
        guard let items = body.list("warn_at") else { return nil }
        let percents = items.compactMap(\.intValue)
        if percents.count != items.count || items.count > mostWarnings || !percents.allSatisfy(warningPercents.contains)
        {
            body.fault("warn_at", "must be at most 10 whole numbers from 1 to 1000: percent of the limit")
        }
        return Array(Set(percents)).sorted()
    }

    private func remove(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let id = try visit.id(orMissing: Self.missing)
        let wasThere = try await ask { () async throws(LedgerError) in
            try await self.ledger.removeBudget(id, by: visit.who.actor, at: visit.now)
        }
        guard wasThere else { throw Problem(.notFound, Self.missing) }
        try await refresh()
        return .empty()
    }

    private func raise(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let id = try visit.id(orMissing: Self.missing)
        let now = visit.now
        var body = visit.body
        var by: BudgetLimit?
        switch (body.has("by_usd"), body.has("by_images")) {
        case (true, true): body.fault("by_images", "cannot be combined with by_usd")
        case (false, false):
            body.fault("by_usd", "is required (or by_images): how much higher the limit is in that time")
        case (true, false): by = body.money("by_usd", most: Self.highest).map { .money($0) }
        case (false, true): by = body.integer("by_images", in: 0...Self.mostImages).map { .images($0) }
        }
        let from = body.moment("from") ?? now
        let until = body.moment("until", required: true)
        if let until, until <= max(from, now) { body.fault("until", "must be in the future and after from") }
        guard body.faults.isEmpty, let by, let until else { throw .invalid(body.faults) }
        return try await answer(visit) { () async throws(LedgerError) in
            try await self.ledger.raiseBudget(
                id,
                BudgetRaise(by: by, from: from, until: until),
                by: visit.who.actor,
                at: now
            )
        }
    }

    private func endRaise(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let id = try visit.id(orMissing: Self.missing)
        return try await answer(visit) { () async throws(LedgerError) in
            try await self.ledger.raiseBudget(id, nil, by: visit.who.actor, at: visit.now)
        }
    }

    private func explain(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        let id = try visit.id(orMissing: Self.missing)
        let limit = visit[Self.listed]
        let found = try await ask { () async throws(LedgerError) in
            try await self.ledger.explainBudget(id, at: visit.now, limit: limit)
        }
        // Another team's budget is not told apart from one that does not exist.
        guard let found, visit.who.teamID == nil || found.standing.budget.teamID == visit.who.teamID else {
            throw Problem(.notFound, Self.missing)
        }
        return .json(JSONText.bytes(of: BudgetExplanationReply(explanation: found, moment: visit.now)))
    }

    // MARK: - Parts

    private static let missing = "There is no such budget."

    private func ask<Value>(
        _ body: () async throws(LedgerError) -> Value
    ) async throws(Problem) -> Value {
        do throws(LedgerError) {
            return try await body()
        } catch {
            throw Problem(changing: error)
        }
    }

    private func refresh() async throws(Problem) {
        try await ask { () async throws(LedgerError) in try await self.terms.refresh(from: self.ledger) }
    }

    private func answer(
        _ visit: Visit<Admin>,
        _ change: () async throws(LedgerError) -> BudgetStanding
    ) async throws(Problem) -> ServerResponse {
        let standing = try await ask(change)
        try await refresh()
        return .json(JSONText.bytes(of: BudgetFigures(standing, at: visit.now)))
    }
}

extension Problem {
    /// A fault of the ledger while an operator changed something: what is missing is the request's own mistake.
    init(changing error: LedgerError) {
        switch error {
        case .notFound(let text), .rejected(let text):
            self.init(.invalidRequest, text.prefix(1).uppercased() + text.dropFirst() + ".")
        case .conflict(let text): self.init(.conflict, text.prefix(1).uppercased() + text.dropFirst() + ".")
        case .unavailable:
            self.init(
                .unavailable,
                "The ledger cannot be used at the moment; nothing was changed.",
                retryAfter: .seconds(2)
            )
        }
    }
}

/// Which calls and reservations make up a budget's figures, as the interface shows it.
struct BudgetExplanationReply: JSONWritable {
    let explanation: BudgetExplanation
    let moment: Timestamp

    func write(to text: inout JSONText) {
        text.object { text in
            text.member("budget", BudgetFigures(explanation.standing, at: moment))
            text.key("groups")
            text.array(explanation.groups) { text, group in
                text.object { text in
                    text.member("status", group.status.rawValue)
                    text.member("provider", group.provider)
                    text.member("calls", group.calls)
                    text.member("images", group.images)
                    text.member("cost_usd", group.cost.usd)
                }
            }
            text.key("calls")
            text.array(explanation.calls) { text, call in
                text.object { text in
                    text.member("id", call.callID.text)
                    text.member("received_at", call.receivedAt.description)
                    text.member("team", call.team)
                    text.member("status", call.status.rawValue)
                    text.member("provider", call.provider)
                    text.member("images", call.images)
                    text.member("cost_usd", call.cost?.usd)
                    text.member("cost_basis", call.costBasis?.rawValue)
                }
            }
            text.key("reservations")
            text.array(explanation.reservations) { text, reservation in
                text.object { text in
                    text.member("call_id", reservation.callID.text)
                    text.member("received_at", reservation.receivedAt.description)
                    text.member("team", reservation.team)
                    text.member("reason", reservation.reason)
                    text.member("amount_usd", reservation.amount?.usd)
                    text.member("images", reservation.images)
                    text.member("gateway_id", reservation.owner?.text)
                    text.member("lease_ends_at", reservation.leaseEndsAt.description)
                }
            }
        }
    }
}
