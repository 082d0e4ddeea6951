import EaselBase

/// The table of routes as a document of OpenAPI 3.1.
struct OpenAPI {
    let rows: [RouteRow]
    /// The shape of every error.
    let problem: Schema
    /// The shape of a remix request, and the media types that it comes in.
    let remix: Schema
    let version: String

    /// The scheme of keys.
    private static let scheme = "key"

    func json() -> [UInt8] {
        var text = JSONText()
        text.object { text in
            text.member("openapi", "3.1.0")
            text.key("info")
            text.object { text in
                text.member("title", "Easel")
                text.member("version", version)
                text.member("summary", "One door to the image-remix APIs.")
                text.member("description", Self.description)
            }
            text.key("tags")
            text.array(tags) { text, tag in text.object { $0.member("name", tag) } }
            text.key("paths")
            text.object { text in
                for (path, rows) in paths {
                    text.key(path)
                    text.object { text in for row in rows { write(row, to: &text) } }
                }
            }
            text.key("components")
            text.object { text in writeComponents(to: &text) }
        }
        return text.bytes
    }

    private static let description = """
        Money is a decimal string in US dollars; times are RFC 3339 in UTC; ids are UUIDs. Every error is \
        `application/problem+json` (RFC 9457) with a `code`. HEAD answers what GET answers, without the body. A method \
        that a path does not take is answered with 405 and `Allow`. A member of a body that is null counts as absent.
        """

    private var tags: [String] {
        var seen: Set<String> = []
        return rows.map(\.tag).filter { seen.insert($0).inserted }
    }

    /// In the order of the table.
    private var paths: [(path: String, rows: [RouteRow])] {
        var order: [String] = []
        let byPath = Dictionary(grouping: rows, by: \.path.description)
        for row in rows where !order.contains(row.path.description) { order.append(row.path.description) }
        return order.map { ($0, byPath[$0] ?? []) }
    }

    private func writeComponents(to text: inout JSONText) {
        var named: [String: Schema] = [:]
        problem.collectNamed(into: &named)
        for row in rows { for answer in row.gives { answer.schema.collectNamed(into: &named) } }
        text.key("schemas")
        text.object { text in
            for (name, schema) in named.sorted(by: { $0.key < $1.key }) {
                text.key(name)
                schema.write(to: &text)
            }
        }
        text.key("securitySchemes")
        text.object { text in
            text.key(Self.scheme)
            text.object { text in
                text.member("type", "http")
                text.member("scheme", "bearer")
                text.member("description", "A key of a team, or the operator's.")
            }
        }
    }

    // MARK: - One row

    private func write(_ row: RouteRow, to text: inout JSONText) {
        text.key(row.method.lowercased())
        text.object { text in
            text.member("operationId", row.operationID)
            text.member("summary", row.summary)
            let who = "For: \(row.access.sentence)."
            text.member("description", row.note.isEmpty ? who : "\(row.note) \(who)")
            text.key("tags")
            text.array([row.tag]) { $0.string($1) }
            text.key("security")
            text.array(row.access.asksForKey ? [[Self.scheme]] : row.access == .metrics ? [[], [Self.scheme]] : []) {
                text,
                schemes in
                text.object { text in
                    for scheme in schemes {
                        text.key(scheme)
                        text.array([String]()) { $0.string($1) }
                    }
                }
            }
            text.member("x-access", row.access.rawValue)
            writeParameters(row, to: &text)
            writeBody(row, to: &text)
            writeAnswers(row, to: &text)
        }
    }

    private func writeParameters(_ row: RouteRow, to text: inout JSONText) {
        let inPath = row.path.names.map { name in
            (
                name: name, place: "path", schema: name == "id" ? Schema.id : Schema.text(1...200), note: "",
                isAlways: true
            )
        }
        let inQuery = row.query.rules.map { rule in
            (name: rule.name, place: "query", schema: rule.schema, note: rule.note, isAlways: false)
        }
        let inHead = row.headers.map { rule in
            (name: rule.name, place: "header", schema: rule.schema, note: rule.note, isAlways: rule.isAlways)
        }
        let all = inPath + inQuery + inHead
        guard !all.isEmpty else { return }
        text.key("parameters")
        text.array(all) { text, parameter in
            text.object { text in
                text.member("name", parameter.name)
                text.member("in", parameter.place)
                if parameter.isAlways { text.member("required", true) }
                if !parameter.note.isEmpty { text.member("description", parameter.note) }
                text.key("schema")
                parameter.schema.write(to: &text)
            }
        }
    }

    private func writeBody(_ row: RouteRow, to text: inout JSONText) {
        let types: [(type: String, schema: Schema)]
        switch row.body {
        case .none: return
        case .object(let fields): types = [("application/json", .object(fields))]
        case .remix: types = [("application/json", remix), ("multipart/form-data", remix)]
        }
        text.key("requestBody")
        text.object { text in
            text.member("required", true)
            text.key("content")
            text.object { text in
                for (type, schema) in types {
                    text.key(type)
                    text.object { text in
                        text.key("schema")
                        schema.write(to: &text, isClosed: true)
                        if let example = row.example { text.member("example", example) }
                    }
                }
            }
        }
    }

    private func writeAnswers(_ row: RouteRow, to text: inout JSONText) {
        // Several may have one status: a list and an error, ready and not ready.
        var answers: [Int: (note: String, contents: [(type: String, schema: Schema)], headers: [HeaderRule])] = [:]
        for answer in row.gives {
            var all = answers[answer.status] ?? (answer.note, [], [])
            if let type = answer.type { all.contents.append((type, answer.schema)) }
            all.headers += answer.headers
            answers[answer.status] = all
        }
        for (status, codes) in row.failuresByStatus {
            let names = codes.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            var all = answers[status].map { ("\($0.note) Or \(names).", $0.contents, $0.headers) } ?? (names, [], [])
            all.1.append(("application/problem+json", problem))
            for rule in codes.flatMap({ RouteRow.headers(of: $0, on: row) })
            where !all.2.contains(where: { $0.name == rule.name }) {
                all.2.append(rule)
            }
            answers[status] = all
        }
        text.key("responses")
        text.object { text in
            for (status, answer) in answers.sorted(by: { $0.key < $1.key }) {
                text.key(String(status))
                text.object { text in
                    text.member("description", answer.note)
                    Self.write(answer.headers, to: &text)
                    guard !answer.contents.isEmpty else { return }
                    text.key("content")
                    text.object { text in
                        for (type, schema) in answer.contents {
                            text.key(type)
                            text.object { text in
                                text.key("schema")
                                schema.write(to: &text)
                            }
                        }
                    }
                }
            }
        }
    }

    private static func write(_ headers: [HeaderRule], to text: inout JSONText) {
        guard !headers.isEmpty else { return }
        text.key("headers")
        text.object { text in
            for header in headers {
                text.key(header.name)
                text.object { text in
                    if header.isAlways { text.member("required", true) }
                    text.member("description", header.note)
                    text.key("schema")
                    header.schema.write(to: &text)
                }
            }
        }
    }
}

extension RouteRow {
    /// Unique: `get_calls_by_id`.
    var operationID: String {
        let words = path.segments.map { segment in
            switch segment {
            case .word(let word): word.replacing(".", with: "_")
            case .any(let name): "by_\(name)"
            }
        }
        let place = words.first == "v1" ? Array(words.dropFirst()) : words
        return ([method.lowercased()] + (place.isEmpty ? ["root"] : place)).joined(separator: "_")
    }

    /// What it is about: the word after `/v1`.
    var tag: String {
        guard case .word("v1")? = path.segments.first, path.segments.count > 1, case .word(let word) = path.segments[1]
        else { return "status" }
        return word
    }
}
