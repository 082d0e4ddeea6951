import EaselBase
import EaselCore

/// A budget as the interface shows it: money as decimal strings, times in UTC.
struct BudgetFigures: JSONWritable, Sendable, Hashable {
    let standing: BudgetStanding
    let moment: Timestamp
    /// In the answer to a write: what it replaced.
    private let writing: BudgetWriting?

    init(_ standing: BudgetStanding, at moment: Timestamp, writing: BudgetWriting? = nil) {
        self.standing = standing
        self.moment = moment
        self.writing = writing
    }

    private var level: String {
        switch standing.level(at: moment) {
        case .fine: "ok"
        case .warned: "warning"
        case .exceeded: "exceeded"
        }
    }

    func write(to text: inout JSONText) {
        let budget = standing.budget
        text.object { text in
            text.member("id", budget.id.text)
            text.member("scope", budget.scope.text)
            text.member("period", budget.period.rawValue)
            Self.write("limit", budget.limit, to: &text)
            if budget.raise?.isActive(at: moment) == true {
                Self.write("limit_now", budget.limit(at: moment), to: &text)
            }
            text.member("hard", budget.isHard)
            text.key("warn_at")
            text.array(budget.warnAt) { $0.integer($1) }
            text.member("timezone", budget.timezone)
            text.key("raise")
            if let raise = budget.raise {
                text.object { text in
                    Self.write("by", raise.by, to: &text)
                    text.member("from", raise.from.description)
                    text.member("until", raise.until.description)
                }
            } else {
                text.null()
            }
            text.member("window_start", budget.period == .total ? nil : standing.window.start.description)
            text.member("resets_at", standing.resetsAt?.description)
            text.member("spent_usd", standing.posted.usd)
            text.member("reserved_usd", standing.reserved.usd)
            text.member("spent_images", standing.postedImages)
            text.member("reserved_images", standing.reservedImages)
            Self.write("remaining", standing.remaining(at: moment), to: &text)
            text.member("unreserved_usd", standing.unreserved.usd)
            text.member("spent_percent", standing.percentSpent(at: moment))
            text.member("forecast_usd", standing.forecast(at: moment)?.usd)
            text.member("level", level)
            if let writing {
                text.key("was")
                if let before = writing.before { Self.writeTerms(before, to: &text) } else { text.null() }
                text.member("terms_were", writing.before?.termsText)
                text.member("terms", writing.after.budget.termsText)
            }
        }
    }

    /// What an operator sets of a budget.
    private static func writeTerms(_ budget: Budget, to text: inout JSONText) {
        text.object { text in
            text.member("period", budget.period.rawValue)
            write("limit", budget.limit, to: &text)
            text.member("hard", budget.isHard)
            text.key("warn_at")
            text.array(budget.warnAt) { $0.integer($1) }
            text.member("timezone", budget.timezone)
        }
    }

    /// `NAME_usd` or `NAME_images`.
    private static func write(_ name: String, _ limit: BudgetLimit, to text: inout JSONText) {
        switch limit {
        case .money(let amount): text.member("\(name)_usd", amount.usd)
        case .images(let count): text.member("\(name)_images", count)
        }
    }
}
