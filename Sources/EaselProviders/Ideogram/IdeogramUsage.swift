import EaselBase
package import EaselCore
import EaselTransport
import Foundation

/// Reads Ideogram's usage: buckets of line items with product, endpoint, units and `cost_total`
/// (docs/providers/ideogram.md, 8). Only a key whose owner is an admin of the organization is told; others get 404.
enum IdeogramUsage {
    static let path = "/v2/account/usage"
    /// The days of one question by day (docs/providers/ideogram.md, 8).
    static let longestSpan = 92

    /// What the log calls a model, by the endpoint that it is asked at. The legacy endpoint has two models.
    private static let endpoints: [String: String] = [
        "v1/ideogram-v4/remix": "ideogram-v4/remix", "v1/ideogram-v4/async/remix": "ideogram-v4/remix",
        "v1/ideogram-v3/remix": "ideogram-v3/remix", "remix": legacy,
    ]
    static let legacy = "remix"

    static let names = BillingNames(
        billed: ["ideogram-v4/remix", "ideogram-v3/remix", legacy],
        groups: ["remix/V_1": legacy, "remix/V_1_TURBO": legacy],
        aliases: endpoints.merging(endpoints.map { ("/" + $0.key, $0.value) }) { first, _ in first }
            .merging([
                RemixModel.ideogram4.rawValue: "ideogram-v4/remix", RemixModel.ideogram3.rawValue: "ideogram-v3/remix",
                RemixModel.ideogram1.rawValue: legacy,
            ]) { first, _ in first }
    )

    static func query(_ span: ReconciliationSpan) -> String {
        let start = span.start.text(fractionDigits: 0)
        let end = span.end.text(fractionDigits: 0)
        return "\(path)?start_time=\(start)&end_time=\(end)&bucket_width=1d"
    }

    static func read(_ response: HTTPResponse, secrets: [String]) -> ProviderUsage {
        if response.status == 404 {
            return .unsupported(
                "Ideogram reports its usage only to an API key whose owner is an admin of the organization; "
                    + "this key's is not. Use such a key, or provide an invoice (`easel reconcile --csv FILE`)."
            )
        }
        let body = try? JSON.decodeForeign(JSONValue.self, from: response.body)
        guard (200..<300).contains(response.status) else {
            let said = ["error", "message", "detail"].lazy.compactMap { body?[$0]?.stringValue }.first
            return .failed(
                "Ideogram did not report its usage: "
                    + SafeMessage.clean(said, secrets: secrets, fallback: "it answered with status \(response.status).")
            )
        }
        guard let buckets = body?["buckets"]?.arrayValue ?? body?["data"]?.arrayValue ?? body?.arrayValue else {
            return .failed("Ideogram's usage is not the JSON that its documentation describes.")
        }
        return .rows(table(buckets, isCutShort: body.map(isCutShort) ?? false))
    }

    /// No page of the documents speaks of further pages; should there be one, it is not passed over in silence.
    private static func isCutShort(_ body: JSONValue) -> Bool {
        body["has_more"]?.boolValue == true
            || ["next_page", "next_cursor", "next_page_token"].contains { body[$0]?.stringValue?.isEmpty == false }
    }

    private static func table(_ buckets: [JSONValue], isCutShort: Bool) -> ProviderUsageTable {
        var table = ProviderUsageTable(rows: [])
        if isCutShort { table.remarks.append("Ideogram's answer says that it is incomplete; figures are missing.") }
        for bucket in buckets {
            let items = bucket["line_items"]?.arrayValue ?? []
            guard !items.isEmpty else { continue }
            guard let day = UsageFigure.day(bucket["start_time"]) else {
                table.remarks.append("Part of Ideogram's usage has no readable date; it is left out.")
                continue
            }
            for item in items { read(item, day, into: &table) }
        }
        return table
    }

    private static func read(_ item: JSONValue, _ day: CivilDay, into table: inout ProviderUsageTable) {
        let endpoint = item["endpoint"]?.stringValue ?? ""
        let product = item["product"]?.stringValue ?? ""
        let images =
            item["billed_units"]?["unit"]?.stringValue == "image"
            ? UsageFigure.count(item["billed_units"]?["quantity"]) : nil
        let isDollars = item["currency_code"]?.stringValue.map { $0.uppercased() == "USD" } ?? true
        let cost = isDollars ? UsageFigure.dollars(item["cost_total"]) : nil
        let model = endpoints[endpoint.split(separator: "/").joined(separator: "/").lowercased()]
        let title = UsageFigure.name([product, endpoint].first { !$0.isEmpty } ?? "unnamed")
        let isFromApp = item["source"]?.stringValue == "app"
        // What neither is asked for by Easel nor may be another name of it was used beside it.
        let mayBeOurs = "\(product) \(endpoint)".lowercased().contains("remix") || title == "unnamed"
        guard !isFromApp, model != nil || mayBeOurs else {
            let name = isFromApp ? "\(title) (web application)" : title
            table.foreign.append(ForeignUsage(name: name, images: images, cost: cost))
            return
        }
        if cost == nil { table.remarks.append("Ideogram's figure for \(title) on \(day) cannot be read.") }
        table.rows.append(ProviderUsageTable.Row(day: day, model: model, images: images, cost: cost))
    }
}

extension IdeogramProvider {
    package var billingNames: BillingNames { IdeogramUsage.names }

    package func usage(_ span: ReconciliationSpan, models: [String]) async -> ProviderUsage {
        guard span.days <= IdeogramUsage.longestSpan else {
            return .unsupported("Ideogram reports its usage for at most \(IdeogramUsage.longestSpan) days at a time.")
        }
        let request = HTTPRequest(
            method: "GET",
            url: settings.baseURL + IdeogramUsage.query(span),
            fields: fields(contentType: nil),
            timeouts: timeouts(min(timeout, .seconds(30))),
            maxResponseBytes: 16 << 20
        )
        do throws(TransportError) {
            return IdeogramUsage.read(try await client.execute(request), secrets: [settings.apiKey.reveal()])
        } catch {
            return .failed("Ideogram could not be asked: \(error.kind.words).")
        }
    }
}
