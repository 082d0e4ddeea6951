package import EaselBase

/// Writes a plan, as the HTTP interface and the log have it, for people: who is asked in which order, who is not, and why.
package enum PlanText {
    /// `width` is that of the terminal; nil: lines are as long as they are.
    package static func lines(_ plan: JSONValue, style: TextStyle, width: Int?) -> [String] {
        var lines = [style.bold(head(plan))]
        var rows: [(mark: String, name: String, why: String)] = []
        for (index, candidate) in (plan["candidates"]?.arrayValue ?? []).enumerated() {
            let bound = AmountText.dollars(candidate["bound_usd"]).map { "up to \($0)" } ?? "no price"
            rows.append(("\(index + 1)", text(candidate, "provider"), "\(bound): \(text(candidate, "reason"))"))
        }
        for dropped in plan["dropped"]?.arrayValue ?? [] {
            let cause = text(dropped, "cause").replacing("_", with: " ")
            rows.append(("-", text(dropped, "provider"), "not asked, \(cause): \(text(dropped, "reason"))"))
        }
        if rows.isEmpty { rows.append(("-", "none", "the policy names no provider that is configured")) }
        if let hedge = plan["hedge"] {
            let after = hedge["after_ms"]?.intValue.map(String.init) ?? "?"
            rows.append(
                (
                    "", "hedge",
                    "the second is asked after \(after) ms, for at most \(text(hedge, "budget")) of the calls"
                )
            )
        }
        if let shadow = plan["shadow"] {
            let budget = AmountText.dollars(shadow["daily_budget_usd"]) ?? "?"
            let bound = AmountText.dollars(shadow["bound_usd"]) ?? "?"
            rows.append(("", "shadow", "\(text(shadow, "provider")) as well, up to \(bound) of \(budget) a day"))
        }
        for note in plan["notes"]?.arrayValue ?? [] { rows.append(("", "note", note.stringValue ?? "")) }
        let longest = rows.map(\.name.count).max() ?? 0
        for row in rows {
            let start = "  \(padded(row.mark, 2))\(padded(row.name, longest))  "
            for (index, part) in wrapped(row.why, to: width.map { max(20, $0 - start.count) }).enumerated() {
                lines.append((index == 0 ? start : String(repeating: " ", count: start.count)) + part)
            }
        }
        return lines
    }

    private static func head(_ plan: JSONValue) -> String {
        let path = plan["inputs"]?["path"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let policy = path.isEmpty ? text(plan, "policy") : path.joined(separator: " > ")
        // A plan without anybody in it has no bound, no time and no attempts that would mean anything.
        guard plan["candidates"]?.arrayValue?.isEmpty == false else {
            return "policy \(policy): no provider can be asked, so the call fails"
        }
        let bound = AmountText.dollars(plan["bound_usd"]).map { "at most \($0)" } ?? "at an unknown price"
        let deadline = plan["deadline_ms"]?.intValue.map { DurationText.format(.milliseconds($0)) } ?? "?"
        let attempts = plan["attempts"]?.intValue ?? 0
        return "policy \(policy), \(bound), \(attempts) attempt\(attempts == 1 ? "" : "s") within \(deadline)"
    }

    private static func text(_ value: JSONValue, _ key: String) -> String { value[key]?.stringValue ?? "" }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func wrapped(_ text: String, to width: Int?) -> [String] {
        guard let width else { return [text] }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }
}
