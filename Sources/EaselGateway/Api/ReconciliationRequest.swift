import EaselBase
import EaselCore
import EaselReporting

/// The body of `POST /v1/reconciliations`, read so that every fault is named at once.
struct ReconciliationRequest {
    static let fields: [Field] = [
        .required("provider", .text, "The name of a provider."),
        .optional("from", .text, "The first day, UTC; `7d` by default."),
        .optional("to", .text, "The last day; `now` by default."),
        .optional(
            "rows",
            .list(of: .object(rowFields), 0...mostRows),
            "The provider's figures; if absent, the provider is asked."
        ),
        .optional("source", .text(1...longestText), "Where the figures come from, in one line."),
    ]
    /// Days of one comparison.
    static let mostDays = 92
    /// Rows of the provider's figures that may be handed in.
    static let mostRows = 10_000
    /// Faults of rows that are named one by one.
    private static let mostRowFaults = 20
    /// Bytes of a name or a source.
    private static let longestText = 200
    private static let mostCount = 1_000_000_000
    private static let rowFields: [Field] = [
        .required("day", Schema.text.rule("format", .string("date")), "UTC."),
        .optional("model", .text(1...longestText), "By the provider's name."),
        .optional("images", .integer(0...mostCount), "Images that were delivered."),
        .optional("requests", .integer(0...mostCount), "Requests that were made."),
        .required("cost_usd", .amount, "What was billed."),
    ]

    let span: ReconciliationSpan
    /// Nil: the provider is asked.
    let usage: ProviderUsageTable?
    let source: String

    /// `providers` are the names of the configuration.
    /// `known`: faults that were found before.
    init(
        _ body: [String: JSONValue],
        known: [RequestFault],
        providers: [String],
        now: Timestamp
    ) throws(Problem) {
        var faults = known
        let provider = Self.provider(body["provider"], providers, &faults)
        let days = Self.days(body, now, &faults)
        let table = body["rows"].flatMap { Self.table($0, &faults) }
        let source = Self.source(body["source"], hasRows: table != nil, &faults)
        guard faults.isEmpty, let provider, let days else { throw .invalid(faults) }
        span = ReconciliationSpan(provider: provider, first: days.first, last: days.last)
        usage = table
        self.source = source
    }

    private static func provider(_ value: JSONValue?, _ known: [String], _ faults: inout [RequestFault]) -> String? {
        let list = known.sorted().joined(separator: ", ")
        guard let value, value != .null else {
            faults.append(RequestFault("provider", "is required; there are \(list)"))
            return nil
        }
        guard let name = value.stringValue, known.contains(name) else {
            faults.append(RequestFault("provider", "is not a provider of this gateway; there are \(list)"))
            return nil
        }
        return name
    }

    /// Whole days in UTC: a day that is named or touched is compared as a whole.
    private static func days(
        _ body: [String: JSONValue],
        _ now: Timestamp,
        _ faults: inout [RequestFault]
    ) -> (first: CivilDay, last: CivilDay)? {
        var parameters: [(name: String, value: String)] = []
        for (name, standard) in [("from", "7d"), ("to", "now")] {
            switch body[name] {
            case nil, .null?: parameters.append((name, standard))
            case .string(let text)?: parameters.append((name, text))
            case let other?: faults.append(RequestFault(name, "must be a string, not \(other.kindName)"))
            }
        }
        guard parameters.count == 2 else { return nil }
        let query: UsageQuery
        do throws(UsageQueryError) {
            query = try UsageQueryParser(now: now).parse(parameters).query
        } catch {
            faults += error.faults
            return nil
        }
        let first = CivilDay(of: query.from)
        let last = CivilDay(of: Timestamp(microseconds: query.to.microseconds - 1))
        guard last.number - first.number < mostDays else {
            faults.append(RequestFault("from", "is more than \(mostDays) days before to; compare in parts"))
            return nil
        }
        return (first, last)
    }

    private static func source(_ value: JSONValue?, hasRows: Bool, _ faults: inout [RequestFault]) -> String {
        guard let value, value != .null else { return hasRows ? "rows" : Reconciliation.usageSource }
        guard let text = value.stringValue, (1...longestText).contains(text.utf8.count),
            !text.unicodeScalars.contains(where: { $0.value < 0x20 })
        else {
            faults.append(RequestFault("source", "must be a string of 1 to \(longestText) bytes on one line"))
            return ""
        }
        return text
    }

    // MARK: - Rows

    private static func table(_ value: JSONValue, _ faults: inout [RequestFault]) -> ProviderUsageTable? {
        if value == .null { return nil }
        guard let items = value.arrayValue else {
            faults.append(RequestFault("rows", "must be a list, not \(value.kindName)"))
            return nil
        }
        guard items.count <= mostRows else {
            faults.append(RequestFault("rows", "has more than \(mostRows) rows; compare in parts"))
            return nil
        }
        var table = ProviderUsageTable(rows: [])
        var found: [RequestFault] = []
        for (index, item) in items.enumerated() {
            if let row = row(item, "rows[\(index)]", &found) { table.rows.append(row) }
        }
        faults += found.prefix(mostRowFaults)
        if found.count > mostRowFaults {
            faults.append(RequestFault("rows", "has \(found.count - mostRowFaults) more faults"))
        }
        return table
    }

    private static func row(
        _ item: JSONValue,
        _ name: String,
        _ faults: inout [RequestFault]
    ) -> ProviderUsageTable.Row? {
        guard let members = item.objectValue else {
            faults.append(RequestFault(name, "must be an object, not \(item.kindName)"))
            return nil
        }
        let known = rowFields.map(\.name)
        for key in members.keys.sorted() where !known.contains(key) {
            let list = known.joined(separator: ", ")
            faults.append(RequestFault("\(name).\(key.prefix(64))", "is not known; there are \(list)"))
        }
        let day = members["day"]?.stringValue.flatMap { CivilDay($0) }
        if day == nil { faults.append(RequestFault("\(name).day", "must be a date such as 2026-11-21")) }
        let cost = members["cost_usd"]?.stringValue.flatMap { Money(usd: $0) }.flatMap { $0 < .zero ? nil : $0 }
        if cost == nil {
            let mend = "must be a decimal string in USD such as \"0.06\": not negative, no exponent, at most 9 decimals"
            faults.append(RequestFault("\(name).cost_usd", mend))
        }
        func count(_ key: String) -> Int? {
            guard let value = members[key], value != .null else { return nil }
            if let count = value.intValue, (0...mostCount).contains(count) { return count }
            faults.append(RequestFault("\(name).\(key)", "must be a whole number that is not negative"))
            return nil
        }
        var model: String?
        if let value = members["model"], value != .null {
            if let text = value.stringValue, (1...longestText).contains(text.utf8.count) {
                model = text
            } else {
                faults.append(RequestFault("\(name).model", "must be a string of 1 to \(longestText) bytes"))
            }
        }
        let requests = count("requests")
        let images = count("images")
        guard let day, let cost else { return nil }
        return ProviderUsageTable.Row(day: day, model: model, requests: requests, images: images, cost: cost)
    }
}
