import EaselBase
import EaselConfiguration
import EaselReporting
import Foundation

/// Prints a list of the HTTP interface as a table, as CSV, or as it came.
struct ListPrinter {
    struct Column {
        let title: String
        let isNumber: Bool
        let importance: Int
        let text: @Sendable (JSONValue) -> String

        /// A member by its name.
        static func member(_ title: String, _ name: String, importance: Int = 0, number: Bool = false) -> Column {
            Column(title: title, isNumber: number, importance: importance) { $0[name].map(ListPrinter.plain) ?? "" }
        }

        static func made(
            _ title: String,
            importance: Int = 0,
            number: Bool = false,
            _ text: @escaping @Sendable (JSONValue) -> String
        ) -> Column {
            Column(title: title, isNumber: number, importance: importance, text: text)
        }
    }

    let member: String
    let columns: [Column]
    /// What to say when there is nothing.
    let empty: String

    /// As the command's options say; the command has both `--json` and `--csv`.
    func print(_ body: [UInt8], _ arguments: ParsedArguments) throws {
        if arguments.has("json") { return Output.data(body) }
        let rows = try JSON.decode(JSONValue.self, from: body)[member]?.arrayValue ?? []
        if arguments.has("csv") {
            var csv = CSVWriter()
            csv.write(columns.map { $0.title.lowercased().replacing(" ", with: "_") })
            for row in rows { csv.write(columns.map { $0.text(row) }) }
            return Output.data(csv.text)
        }
        guard !rows.isEmpty else { return Output.note(empty) }
        printTable(rows)
    }

    func printTable(_ rows: [JSONValue]) {
        var table = TextTable(
            columns.map {
                $0.isNumber ? .number($0.title, importance: $0.importance) : .text($0.title, importance: $0.importance)
            }
        )
        for row in rows { table.add(columns.map { $0.text(row) }) }
        let rendering = table.render(Terminal.of(.standardOutput).style)
        Output.data(rendering.text)
        if !rendering.hidden.isEmpty { Output.note("no room for: \(rendering.hidden.joined(separator: ", "))") }
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
}
