import EaselBase
import EaselConfiguration
import EaselReporting
import Foundation

/// Prints a list of the HTTP interface as a table, as CSV, or as it came. The table is for eyes and may say things in any
/// way; CSV has the facts, each in a column of its own, and knows nothing of the table.
struct ListPrinter {
    struct Column {
        let title: String
        let isNumber: Bool
        let importance: Int
        /// How far texts may be cut; nil: never.
        let shortest: Int?
        /// The column's texts, one for each row: figures below each other have the same decimals.
        let texts: @Sendable ([JSONValue]) -> [String]

        private init(
            _ title: String,
            isNumber: Bool,
            importance: Int,
            shortest: Int?,
            texts: @escaping @Sendable ([JSONValue]) -> [String]
        ) {
            self.title = title
            self.isNumber = isNumber
            self.importance = importance
            self.shortest = shortest
            self.texts = texts
        }

        /// A member by its name.
        static func member(_ title: String, _ name: String, importance: Int = 0, number: Bool = false) -> Column {
            made(title, importance: importance, number: number) { $0[name].map(ListPrinter.plain) ?? "" }
        }

        static func made(
            _ title: String,
            importance: Int = 0,
            number: Bool = false,
            _ text: @escaping @Sendable (JSONValue) -> String
        ) -> Column {
            Column(title, isNumber: number, importance: importance, shortest: number ? nil : 8) { $0.map(text) }
        }

        /// What people paste elsewhere, or what says nothing when it is cut: whole or not at all.
        static func whole(
            _ title: String,
            importance: Int = 0,
            _ text: @escaping @Sendable (JSONValue) -> String
        ) -> Column {
            Column(title, isNumber: false, importance: importance, shortest: nil) { $0.map(text) }
        }

        /// Whether a row holds, or only stands there: revoked, muted, not in force. Never cut and never left out, at any
        /// width, for without it the row says the opposite.
        static func standing(_ title: String, _ text: @escaping @Sendable (JSONValue) -> String) -> Column {
            whole(title, text)
        }

        static func id(_ title: String, _ name: String = "id", importance: Int = 0) -> Column {
            whole(title, importance: importance) { $0[name].map(ListPrinter.plain) ?? "" }
        }

        /// A time of the row in UTC, which the title says.
        static func time(_ title: String, _ name: String, importance: Int = 0) -> Column {
            whole("\(title) (UTC)", importance: importance) { ListPrinter.time($0[name]) }
        }

        /// The same without the year where that is the present one: room for an id beside it.
        static func recent(_ title: String, _ name: String, importance: Int = 0) -> Column {
            whole("\(title) (UTC)", importance: importance) { ListPrinter.recentTime($0[name]) }
        }

        /// US dollars, all with the decimals of the finest; `none` where there is no amount. A mark stands behind the
        /// figures, where it shifts none of them.
        static func money(
            _ title: String,
            importance: Int = 0,
            none: String = "?",
            mark: @escaping @Sendable (JSONValue) -> String = { _ in "" },
            _ amount: @escaping @Sendable (JSONValue) -> JSONValue?
        ) -> Column {
            Column(title, isNumber: true, importance: importance, shortest: nil) { rows in
                let texts = rows.map { amount($0)?.stringValue }
                let decimals = AmountText.decimals(texts.compactMap { $0.flatMap { Money(usd: $0) } })
                let marks = rows.map(mark)
                let room = marks.map(\.count).max() ?? 0
                return zip(texts, marks).map { text, mark in
                    let figure = text.map { AmountText.aligned($0, decimals: decimals) } ?? none
                    return figure + mark + String(repeating: " ", count: room - mark.count)
                }
            }
        }

        static func money(_ title: String, _ name: String, importance: Int = 0, none: String = "") -> Column {
            money(title, importance: importance, none: none) { $0[name] }
        }

        /// The cost of a call or an attempt: `*` where no provider said so.
        static func cost(_ title: String, importance: Int = 0) -> Column {
            money(title, importance: importance, mark: ListPrinter.costMark) { $0["cost_usd"] }
        }
    }

    /// What a mark behind a figure means; told below a table that has it.
    static let marks: [(mark: Character, meaning: String)] = [
        ("*", "estimated from the price book, not confirmed by a provider"), ("?", "not known"),
        ("!", "past a warning threshold"),
        ("+", "raised for a while; `easel budget explain` shows until when"),
    ]

    private static let costMark: @Sendable (JSONValue) -> String = { row in
        guard row["cost_usd"]?.stringValue != nil else { return "" }
        return row["cost_basis"]?.stringValue == "provider" ? "" : "*"
    }

    let member: String
    let columns: [Column]
    /// The columns of `--csv`; none where a list has no such option.
    var facts: [CSVFact] = []
    /// What to say when there is nothing.
    let empty: String
    /// Makes rows of the list into rows of data, where one has several of something.
    var unfold: @Sendable (JSONValue) -> [JSONValue] = { [$0] }

    /// As the command's options say; the command has both `--json` and `--csv`.
    func print(_ body: [UInt8], _ arguments: ParsedArguments) throws {
        if arguments.has("json") { return Output.data(body) }
        let rows = try JSON.decode(JSONValue.self, from: body)[member]?.arrayValue ?? []
        if arguments.has("csv") { return Output.raw(csv(rows)) }
        guard !rows.isEmpty else { return Output.note(empty) }
        printTable(rows)
    }

    func csv(_ rows: [JSONValue]) -> String { CSVFact.csv(facts, rows.flatMap(unfold)) }

    func printTable(_ rows: [JSONValue]) {
        var table = TextTable(
            columns.map {
                $0.isNumber
                    ? .number($0.title, importance: $0.importance)
                    : .text($0.title, importance: $0.importance, shortest: $0.shortest)
            }
        )
        let texts = columns.map { $0.texts(rows) }
        for index in rows.indices { table.add(texts.map { $0[index] }) }
        let rendering = table.render(Output.style)
        Output.data(rendering.text)
        if let legend = legend(texts) { Output.data(legend) }
        if let note = rendering.roomNote("--json has them") { Output.note(note) }
    }

    /// The meanings of the marks that stand in columns of figures.
    private func legend(_ texts: [[String]]) -> String? {
        let figures = zip(columns, texts).filter(\.0.isNumber).map(\.1).joined()
        let found = Set(figures.compactMap { text in text.last(where: { $0 != " " }) })
        let lines = Self.marks.filter { found.contains($0.mark) }.map { "\($0.mark) \($0.meaning)" }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    /// A row for each entry of a member that is a list, with the entry under `name`; one row without it where it is empty.
    static func unfolding(_ member: String, as name: String) -> @Sendable (JSONValue) -> [JSONValue] {
        { row in
            guard let entries = row[member]?.arrayValue, !entries.isEmpty, let members = row.objectValue else {
                return [row]
            }
            return entries.map { entry in .object(members.merging([name: entry]) { $1 }) }
        }
    }

    /// A value as people read it.
    static func plain(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .bool(let flag): flag ? "yes" : "no"
        case .number(let number): "\(number)"
        case .string(let text): text
        case .array(let items): items.map(plain).joined(separator: ", ")
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\($0.key) \(plain($0.value))" }.joined(separator: ", ")
        }
    }

    /// `2026-11-21 09:30:05` of an RFC 3339 time.
    static func time(_ value: JSONValue?) -> String {
        guard let text = value?.stringValue else { return "" }
        return String(text.prefix(19)).replacing("T", with: " ")
    }

    /// The same in a sentence, which says whose clock it is: `2026-11-21 09:30:05 UTC`.
    static func moment(_ value: JSONValue?) -> String {
        let text = time(value)
        return text.isEmpty ? "" : "\(text) UTC"
    }

    /// The same without the year where that is the present one: room for an id beside it.
    static func recentTime(_ value: JSONValue?, now: Timestamp = TimeSource.system.now) -> String {
        let text = time(value)
        return text.hasPrefix(now.description.prefix(5)) ? String(text.dropFirst(5)) : text
    }
}
