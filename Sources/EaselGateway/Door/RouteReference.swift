import EaselBase

/// The table of routes as the reference in docs/http.md, in Markdown.
struct RouteReference {
    let rows: [RouteRow]
    let remix: Schema

    func text() -> String {
        var lines = ["| route | who | |", "|---|---|---|"]
        for row in rows { lines.append("| `\(row.method) \(row.path)` | \(row.access.sentence) | \(row.summary) |") }
        for row in rows { lines += ["", "### \(row.method) \(row.path)", ""] + section(row) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func section(_ row: RouteRow) -> [String] {
        var lines = [
            "\(row.summary). \(row.note)".trimmingSpaces(), "", "For: \(row.access.sentence)." + weight(row.load),
        ]
        let query = row.query.rules.map { ($0.name, $0.schema, false, $0.note) }
        lines += table("URL parameter", query)
        lines += table("header", row.headers.map { ($0.name, $0.schema, $0.isAlways, $0.note) })
        switch row.body {
        case .none: break
        case .object(let fields): lines += table("member of the body", fields.map(Self.cells))
        case .remix:
            if case .object(let fields) = remix.kind { lines += table("member of the body", fields.map(Self.cells)) }
        }
        if let example = row.example {
            lines += ["", "```json", String(decoding: JSONText.bytes(of: example), as: UTF8.self), "```"]
        }
        lines += [""] + answers(row)
        return lines
    }

    private func weight(_ load: Load) -> String {
        switch load {
        case .light: ""
        case .counted: " It counts against the key's limits."
        case .report: " It may wait for the team's other reports."
        case .countedReport: " It counts against the key's limits, and may wait for the team's other reports."
        }
    }

    private static func cells(_ field: Field) -> (String, Schema, Bool, String) {
        (field.name, field.schema, field.presence == .always, field.note)
    }

    private func table(_ title: String, _ rows: [(String, Schema, Bool, String)]) -> [String] {
        if rows.isEmpty { return [] }
        return ["", "| \(title) | is | |", "|---|---|---|"]
            + rows.map { name, schema, isRequired, note in
                "| `\(name)`\(isRequired ? " (required)" : "") | \(Self.cell(words(schema))) | \(Self.cell(note)) |"
            }
    }

    /// Hundreds of values are for the OpenAPI document.
    private func words(_ schema: Schema) -> String {
        if case .choice(let values) = schema.kind, values.count > 12 { return "one of \(values.count) names" }
        return schema.words
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

    private func answers(_ row: RouteRow) -> [String] {
        var lines = ["| status | |", "|---|---|"]
        for answer in row.gives {
            let headers = answer.headers.map { "`\($0.name)`" }.joined(separator: ", ")
            let head = headers.isEmpty ? "" : " Headers: \(headers)."
            let shape =
                answer.type == "application/json" ? " \(Self.name(answer.schema))" : answer.type.map { " `\($0)`." }
            lines.append("| \(answer.status) | \(Self.cell(answer.note))\(shape ?? "")\(head) |")
        }
        for (status, codes) in row.failuresByStatus {
            lines.append("| \(status) | \(codes.map { "`\($0.rawValue)`" }.joined(separator: ", ")) |")
        }
        return lines
    }

    private static func name(_ schema: Schema) -> String {
        switch schema.kind {
        case .named(let name, _): "Schema `\(name)`."
        case .object(let fields): "`{\(fields.map(\.name).joined(separator: ", "))}`."
        default: "JSON."
        }
    }
}
