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
    static let fields = [
        "scope", "period", "limit_usd", "limit_images", "hard", "warn_at", "timezone",
    ]

    let ledger: any Ledger
    let authenticator: Authenticator
    let terms: TermsShelf
    let time: TimeSource

    init(ledger: any Ledger, authenticator: Authenticator, terms: TermsShelf, time: TimeSource) {
        self.ledger = ledger
        self.authenticator = authenticator
        self.terms = terms
        self.time = time
    }

    private struct List: JSONWritable {
        let budgets: [BudgetFigures]

        func write(to text: inout JSONText) {
            text.object { $0.member("budgets", budgets) }
        }
    }

    func list(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.account(for: request)
        let now = time.now
        let standings = try await ask { () async throws(LedgerError) in
            try await self.ledger.budgets(teamID: account.role == .admin ? nil : account.teamID, at: now)
        }
        return .json(JSONText.bytes(of: List(budgets: standings.map { BudgetFigures($0, at: now) })))
    }

    /// `PUT /v1/budgets`: the whole budget; what is not said is the usual.
    func set(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.admin(for: request)
        let change = try Self.change(try await BodyFields.members(of: request), isWhole: true)
        return try await write(change, by: account)
    }

    /// `PATCH /v1/budgets`: what is not said stays as it was.
    func change(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.admin(for: request)
        let change = try Self.change(try await BodyFields.members(of: request), isWhole: false)
        return try await write(change, by: account)
    }

    private func write(_ change: BudgetChange, by account: Account) async throws(Problem) -> ServerResponse {
        let writing = try await ask { () async throws(LedgerError) in
            try await self.ledger.changeBudget(change, by: Self.actor(account), at: self.time.now)
        }
        try await refresh()
        let figures = BudgetFigures(writing.after, at: time.now, writing: writing)
        return .json(JSONText.bytes(of: figures))
    }

    /// Reads a budget; every fault at once.
    static func change(_ members: [String: JSONValue], isWhole: Bool) throws(Problem) -> BudgetChange {
        var body = BodyFields(members, known: fields)
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
        case (true, true): body.fault("limit_images", "cannot stand beside limit_usd; make two budgets")
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
        if percents.count != items.count || items.count > 10 || !percents.allSatisfy((1...1000).contains) {
            body.fault("warn_at", "must be at most 10 whole numbers from 1 to 1000: percent of the limit")
        }
        return Array(Set(percents)).sorted()
    }

    func remove(_ request: ServerRequest, _ text: String) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.admin(for: request)
        let id = try Self.id(text)
        let wasThere = try await ask { () async throws(LedgerError) in
            try await self.ledger.removeBudget(id, by: Self.actor(account), at: self.time.now)
        }
        guard wasThere else { throw Self.missing }
        try await refresh()
        return .empty()
    }

    func raise(_ request: ServerRequest, _ text: String) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.admin(for: request)
        let id = try Self.id(text)
        let now = time.now
        var body = BodyFields(
            try await BodyFields.members(of: request),
            known: ["by_usd", "by_images", "from", "until"]
        )
        var by: BudgetLimit?
        switch (body.has("by_usd"), body.has("by_images")) {
        case (true, true): body.fault("by_images", "cannot stand beside by_usd")
        case (false, false): body.fault("by_usd", "is required (or by_images): how much higher the limit is meanwhile")
        case (true, false): by = body.money("by_usd", most: Self.highest).map { .money($0) }
        case (false, true): by = body.integer("by_images", in: 0...Self.mostImages).map { .images($0) }
        }
        let from = body.moment("from") ?? now
        let until = body.moment("until", required: true)
        if let until, until <= max(from, now) { body.fault("until", "must lie in the future and after from") }
        guard body.faults.isEmpty, let by, let until else { throw .invalid(body.faults) }
        return try await answer { () async throws(LedgerError) in
            try await self.ledger.raiseBudget(
                id,
                BudgetRaise(by: by, from: from, until: until),
                by: Self.actor(account),
                at: now
            )
        }
    }

    func endRaise(_ request: ServerRequest, _ text: String) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.admin(for: request)
        let id = try Self.id(text)
        return try await answer { () async throws(LedgerError) in
            try await self.ledger.raiseBudget(id, nil, by: Self.actor(account), at: self.time.now)
        }
    }

    func explain(_ request: ServerRequest, _ text: String) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.account(for: request)
        let id = try Self.id(text)
        var limit = 20
        for (name, value) in request.query {
            guard name == "limit", let number = Int(value), Self.explainLimits.contains(number) else {
                let range = "\(Self.explainLimits.lowerBound) to \(Self.explainLimits.upperBound)"
                throw .invalid([
                    RequestFault(String(name.prefix(64)), name == "limit" ? "must be \(range)" : "is not known")
                ])
            }
            limit = number
        }
        let now = time.now
        let most = limit
        let found = try await ask { () async throws(LedgerError) in
            try await self.ledger.explainBudget(id, at: now, limit: most)
        }
        // Another team's budget is not told apart from one that does not exist.
        guard let found, account.role == .admin || found.standing.budget.teamID == account.teamID else {
            throw Self.missing
        }
        return .json(JSONText.bytes(of: BudgetExplanationReply(explanation: found, moment: now)))
    }

    // MARK: - Parts

    private static let missing = Problem(.notFound, "There is no such budget.")

    private static func id(_ text: String) throws(Problem) -> UUID {
        guard let id = UUID(uuidString: text) else { throw missing }
        return id
    }

    /// Who changes something, for the history: never the key itself.
    static func actor(_ account: Account) -> String {
        account.keyID == Authenticator.adminKeyID ? "operator" : "key \(account.keyID.text)"
    }

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
        _ change: () async throws(LedgerError) -> BudgetStanding
    ) async throws(Problem) -> ServerResponse {
        let standing = try await ask(change)
        try await refresh()
        return .json(JSONText.bytes(of: BudgetFigures(standing, at: time.now)))
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
            self.init(.unavailable, "The ledger cannot be used now; nothing was changed.", retryAfter: .seconds(2))
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
                    text.member("cost_usd", call.cost.usd)
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
