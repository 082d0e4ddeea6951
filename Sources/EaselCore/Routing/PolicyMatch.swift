import EaselBase
package import Foundation

/// The conditions of one case; all that are given must hold.
package struct PolicyMatch: Sendable, Hashable {
    /// A comparison with a number: `> 4`, `>= 4`, `< 20`, `<= 20`, `= 4` or `4`.
    package struct NumberTest: Sendable, Hashable {
        package enum Relation: String, Sendable, Hashable, CaseIterable {
            // Longer signs first, so that `>=` is not read as `>`.
            case atLeast = ">="
            case atMost = "<="
            case more = ">"
            case less = "<"
            case equal = "="
        }

        package let relation: Relation
        package let number: Double

        package init(_ relation: Relation, _ number: Double) {
            self.relation = relation
            self.number = number
        }

        /// Nil when the text is no comparison.
        package init?(_ text: String) {
            let relation = Relation.allCases.first { text.hasPrefix($0.rawValue) }
            let rest = text.dropFirst(relation?.rawValue.count ?? 0).drop { $0 == " " }
            let isNumber = rest.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 || $0 == 45 }
            guard isNumber, let number = Double(rest), number.isFinite else { return nil }
            self.init(relation ?? .equal, number)
        }

        package func holds(for value: Double) -> Bool {
            switch relation {
            case .atLeast: value >= number
            case .atMost: value <= number
            case .more: value > number
            case .less: value < number
            case .equal: value == number
            }
        }

        package var text: String {
            let number = number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
            return relation == .equal ? number : "\(relation.rawValue) \(number)"
        }
    }

    /// What a parameter must be.
    package enum ValueTest: Sendable, Hashable {
        /// It is given, whatever its value.
        case given
        case number(NumberTest)
        case oneOf([String])

        func holds(for value: JSONValue?) -> Bool {
            guard let value else {
                // A switch that is off counts as `false`.
                if case .oneOf(let texts) = self { return texts.contains("false") }
                return false
            }
            switch self {
            case .given: return true
            case .number(let test):
                return value.numberValue.map { test.holds(for: NSDecimalNumber(decimal: $0).doubleValue) } ?? false
            case .oneOf(let texts):
                switch value {
                case .string(let text): return texts.contains(text)
                case .bool(let flag): return texts.contains(flag ? "true" : "false")
                default: return false
                }
            }
        }
    }

    /// A part of the day in a time zone; over midnight when `from` is not before `until`.
    package struct TimeOfDay: Sendable, Hashable {
        /// Minutes since midnight, 0 to 1439.
        package let from: Int
        /// Minutes since midnight, not included, 0 to 1440.
        package let until: Int

        package init(from: Int, until: Int) {
            self.from = from
            self.until = until
        }

        /// `22:00-06:00`; nil otherwise, also when it holds no minute.
        package init?(_ text: String) {
            let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Self.minutes($0) }
            guard ends.count == 2, let from = ends[0], let until = ends[1], from != until, from < 1440 else {
                return nil
            }
            self.init(from: from, until: until)
        }

        private static func minutes(_ text: Substring) -> Int? {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isASCIIDigit) }),
                let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60,
                hour < 24 || (hour == 24 && minute == 0)
            else { return nil }
            return hour * 60 + minute
        }

        package func contains(minute: Int) -> Bool {
            from < until ? (from..<until).contains(minute) : minute >= from || minute < until
        }

        package var text: String {
            func clock(_ minutes: Int) -> String {
                let digits = { (number: Int) in String(String(number + 100).dropFirst()) }
                return "\(digits(minutes / 60)):\(digits(minutes % 60))"
            }
            return "\(clock(from))-\(clock(until))"
        }
    }

    /// Days of the week, Monday first.
    package enum Weekday: String, Sendable, Hashable, CaseIterable { case mon, tue, wed, thu, fri, sat, sun }

    /// Empty lists and dictionaries ask for nothing.
    package var teams: [String] = []
    package var keys: [UUID] = []
    package var projects: [String] = []
    /// For each tag the values that match; an empty list: any value.
    package var tags: [String: [String]] = [:]
    package var models: [RemixModel] = []
    package var count: NumberTest?
    package var parameters: [String: ValueTest] = [:]
    package var budgetLeftPercent: NumberTest?
    package var time: TimeOfDay?
    package var days: [Weekday] = []
    /// `UTC` or an IANA name, for `time` and `days`.
    package var timezone = "UTC"

    package init() {}

    /// Whether it asks for nothing, and so holds for every call.
    package var isEmpty: Bool {
        var plain = self
        plain.timezone = "UTC"
        return plain == PolicyMatch()
    }

    package func holds(for facts: RoutingFacts) -> Bool {
        if !teams.isEmpty, !teams.contains(facts.team) { return false }
        if !keys.isEmpty, !keys.contains(facts.keyID) { return false }
        if !projects.isEmpty, !(facts.project.map(projects.contains) ?? false) { return false }
        for (name, values) in tags {
            guard let value = facts.tags[name], values.isEmpty || values.contains(value) else { return false }
        }
        if !models.isEmpty, !models.contains(facts.model) { return false }
        if let count, !count.holds(for: Double(facts.count)) { return false }
        for (name, test) in parameters where !test.holds(for: facts.value(of: name)) { return false }
        if let test = budgetLeftPercent, !(facts.budgetLeftPercent.map(test.holds(for:)) ?? false) { return false }
        if time != nil || !days.isEmpty {
            let (day, minute) = (LocalTime(timezone) ?? .utc).dayAndMinute(facts.now)
            if let time, !time.contains(minute: minute) { return false }
            if !days.isEmpty, !days.contains(Weekday.allCases[day]) { return false }
        }
        return true
    }
}
