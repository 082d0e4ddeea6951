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
        let text: @Sendable (JSONValue) -> String

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
            Column(title: title, isNumber: number, importance: importance, shortest: number ? nil : 8, text: text)
        }

        /// What people paste elsewhere, or what says nothing when it is cut: whole or not at all.
        static func whole(
            _ title: String,
            importance: Int = 0,
            _ text: @escaping @Sendable (JSONValue) -> String
        ) -> Column {
            Column(title: title, isNumber: false, importance: importance, shortest: nil, text: text)
        }

        static func id(_ title: String, _ name: String = "id", importance: Int = 0) -> Column {
            whole(title, importance: importance) { $0[name].map(ListPrinter.plain) ?? "" }
        }

        static func time(_ title: String, _ name: String, importance: Int = 0) -> Column {
            whole(title, importance: importance) { ListPrinter.time($0[name]) }
        }
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
        for row in rows { table.add(columns.map { $0.text(row) }) }
        let rendering = table.render(Output.style)
        Output.data(rendering.text)
        // A column without a title is a picture of another one.
        let hidden = rendering.hidden.filter { !$0.isEmpty }
        if !hidden.isEmpty { Output.note("no room for: \(hidden.joined(separator: ", "))") }
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

    /// The same without the year where that is the present one: room for an id beside it.
    static func recentTime(_ value: JSONValue?, now: Timestamp = TimeSource.system.now) -> String {
        let text = time(value)
        return text.hasPrefix(now.description.prefix(5)) ? String(text.dropFirst(5)) : text
    }
}
