import EaselBase
package import EaselCore
import EaselTransport
import Foundation

/// Asks Runware what it was used for: `accountManagement` with `getUsageActivity`
/// (docs/providers/runware.md, 8).
///
/// Its breakdowns stand side by side and are not crossed, so each model is asked for by itself by day, and the whole account
/// once by model: that shows what the log knows nothing about.
struct RunwareUsage {
    /// A task of the operation. Dates are both included; a span has at most thirty days.
    struct Query: Encodable, Hashable {
        var taskType = "accountManagement"
        var operation = "getUsageActivity"
        var taskUUID: String
        var startDate: String
        var endDate: String
        /// Nil: every model of the account.
        var models: [String]?
        var groupBy: [String]
        var timezone = "UTC"
    }

    static let longestSpan = 30
    /// Tasks in one request; no text has a limit (docs/providers/runware.md, 1.3).
    static let tasksPerRequest = 20

    /// The models that are compared; every one but these is foreign.
    let models: [String]
    let queries: [Query]

    init(_ span: ReconciliationSpan, models: [String]) {
        let models = Set(models).sorted()
        self.models = models
        queries = stride(from: 0, to: span.days, by: Self.longestSpan).flatMap { offset in
            let first = span.first.adding(offset)
            let last = min(first.adding(Self.longestSpan - 1), span.last)
            func query(_ models: [String]?, _ groupBy: [String]) -> Query {
                Query(
                    taskUUID: UUID().text,
                    startDate: first.description,
                    endDate: last.description,
                    models: models,
                    groupBy: groupBy
                )
            }
            return models.map { query([$0], ["date"]) } + [query(nil, ["date", "model"])]
        }
    }

    /// The queries as they go out together.
    var requests: [[Query]] {
        stride(from: 0, to: queries.count, by: Self.tasksPerRequest).map {
            Array(queries[$0..<min($0 + Self.tasksPerRequest, queries.count)])
        }
    }

    // MARK: - Reading

    /// Reads the answers to `requests`.
    func read(_ responses: [HTTPResponse], secrets: [String]) -> ProviderUsage {
        var items: [String: [String: JSONValue]] = [:]
        for response in responses {
            let body = try? JSON.decodeForeign(JSONValue.self, from: response.body)
            if let failure = Self.failure(response, body, secrets) { return .failed(failure) }
            for item in body?["data"]?.arrayValue ?? body?.arrayValue ?? [] {
                guard let members = item.objectValue, let id = members["taskUUID"]?.stringValue else { continue }
                // A list of tasks may be answered in any order.
                items[id.lowercased()] = members["usage"]?.objectValue ?? members
            }
        }
        var table = ProviderUsageTable(rows: [])
        var billed: [String: ForeignUsage] = [:]
        var undated: Set<String> = []
        for query in queries {
            guard let item = items[query.taskUUID] else {
                return .failed("Runware did not answer a question about its usage.")
            }
            if let model = query.models?.first {
                guard let rows = Self.rows(item["timeseries"]) else {
                    undated.insert(model)
                    continue
                }
                table.rows += rows.compactMap { Self.row(model, $0, &table.remarks) }
            } else {
                guard let rows = Self.rows(item["model"]) else {
                    return .failed("Runware's answer has no usage by model.")
                }
                for row in rows { Self.add(row, to: &billed) }
            }
        }
        // A model without a breakdown is one that was not used, unless the account's list knows better.
        guard !undated.contains(where: { billed[$0] != nil && billed[$0]?.cost != .zero }) else {
            return .failed("Runware's answer has no usage by day.")
        }
        for name in billed.keys.sorted() where !models.contains(name) {
            guard let usage = billed[name], usage.cost != .zero || usage.requests != 0 else { continue }
            table.foreign.append(usage)
        }
        return .rows(table)
    }

    /// The list of a breakdown, in an envelope or bare; nil where there is none.
    private static func rows(_ breakdown: JSONValue?) -> [JSONValue]? {
        switch breakdown {
        case .array(let rows): rows
        case .object(let members): members["data"]?.arrayValue ?? []
        case .null: []
        default: nil
        }
    }

    private static func row(
        _ model: String,
        _ value: JSONValue,
        _ remarks: inout [String]
    ) -> ProviderUsageTable.Row? {
        guard let day = UsageFigure.day(value["date"]) else {
            remarks.append("A row of Runware's usage of \(model) has no readable date; it is left out.")
            return nil
        }
        let cost = UsageFigure.dollars(value["spend"])
        if cost == nil { remarks.append("Runware's figure for \(model) on \(day) cannot be read.") }
        return ProviderUsageTable.Row(
            day: day,
            model: model,
            requests: UsageFigure.count(value["count"]),
            cost: cost
        )
    }

    private static func add(_ row: JSONValue, to billed: inout [String: ForeignUsage]) {
        guard let text = row["model"]?.stringValue ?? row["modelName"]?.stringValue else { return }
        let name = UsageFigure.name(text)
        let usage = ForeignUsage(
            name: name,
            requests: UsageFigure.count(row["count"]),
            cost: UsageFigure.dollars(row["spend"])
        )
        billed[name] = ForeignUsage.merged([billed[name], usage].compactMap(\.self)).first
    }

    private static func failure(_ response: HTTPResponse, _ body: JSONValue?, _ secrets: [String]) -> String? {
        let envelope = try? JSON.decodeForeign(RunwareEnvelope.self, from: response.body)
        if let error = envelope?.errors.first {
            let said = SafeMessage.clean(error.message, secrets: secrets, fallback: "error \(error.code.prefix(80))")
            return "Runware did not report its usage: \(said)"
        }
        guard (200..<300).contains(response.status), body != nil, envelope != nil else {
            return "Runware did not report its usage; it answered with status \(response.status)."
        }
        return nil
    }
}

extension RunwareProvider {
    package var billingNames: BillingNames {
        BillingNames(
            billed: RemixModel.allCases.map(\.air),
            aliases: Dictionary(
                RemixModel.allCases.map { ($0.rawValue, $0.air) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }

    /// One exchange for every twenty questions.
    package func usage(_ span: ReconciliationSpan, models: [String]) async -> ProviderUsage {
        let usage = RunwareUsage(span, models: models + billingNames.billed)
        var responses: [HTTPResponse] = []
        for request in usage.requests {
            switch await post(try? JSON.encode(request, sorted: true), timeout: min(timeout, Self.usageTimeout)) {
            case .success(let response): responses.append(response)
            case .failure(let error): return .failed("Runware could not be asked: \(error.kind.words).")
            }
        }
        return usage.read(responses, secrets: [apiKey])
    }

    private static let usageTimeout = Duration.seconds(30)
}
