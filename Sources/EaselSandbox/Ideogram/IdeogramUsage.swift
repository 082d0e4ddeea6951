import EaselBase
import EaselCore

/// `GET /v2/account/usage`: what was billed, in dense buckets of line items (docs/providers/ideogram.md, 8). Told to
/// keys of organization admins only; to others there is nothing here.
struct IdeogramUsage {
    static let path = "/v2/account/usage"

    private let entries: [BillingEntry]
    private let start: Timestamp
    private let end: Timestamp
    private let width: Duration
    private let account: String

    /// Reads the query, strictly: an unknown parameter, a time without a zone or a longer range is a 400.
    init(_ call: SandboxCall, account: String, entries: [BillingEntry], now: Timestamp) throws(IdeogramError) {
        var values: [String: [String]] = [:]
        for (name, value) in call.query { values[name, default: []].append(value) }
        for name in values.keys.sorted() where !["start_time", "end_time", "bucket_width", "sources"].contains(name) {
            throw .schema("Extra query parameter(s) \(name) not in spec")
        }
        let bucket = try Self.one("bucket_width", values) ?? "1d"
        guard ["1d", "1h"].contains(bucket) else { throw .schema("'\(bucket)' is not one of ['1d', '1h']") }
        let sources = values["sources"] ?? ["api", "app"]
        for source in sources where source != "api" && source != "app" {
            throw .schema("'\(source)' is not one of ['api', 'app']")
        }
        guard let first = try Self.one("start_time", values) else {
            throw .schema("Missing query parameter 'start_time'")
        }
        width = bucket == "1d" ? .seconds(86_400) : .seconds(3600)
        start = Self.floor(try Self.moment(first), width)
        let last = try Self.one("end_time", values).map { text throws(IdeogramError) in try Self.moment(text) } ?? now
        let floor = Self.floor(last, width)
        end = floor == last ? floor : floor + width
        guard start < end else { throw .rule("start_time must be before end_time.") }
        guard end.since(start) <= (bucket == "1d" ? .seconds(92 * 86_400) : .seconds(168 * 3600)) else {
            throw .rule("The range is too long for the bucket width.")
        }
        self.account = account
        self.entries = sources.contains("api") ? entries : []
    }

    private static func one(_ name: String, _ values: [String: [String]]) throws(IdeogramError) -> String? {
        guard let found = values[name] else { return nil }
        guard found.count == 1 else { throw .schema("'\(name)' is given twice") }
        return found[0]
    }

    private static func moment(_ text: String) throws(IdeogramError) -> Timestamp {
        guard text.utf8.count > 10, let moment = Timestamp(text) else {
            throw .schema("'\(text)' is not a 'date-time'")
        }
        return moment
    }

    private static func floor(_ moment: Timestamp, _ width: Duration) -> Timestamp {
        let size = width.milliseconds * 1000
        return Timestamp(microseconds: moment.microseconds - (moment.microseconds % size + size) % size)
    }

    var json: JSONValue {
        var buckets: [JSONValue] = []
        var moment = start
        while moment < end {
            let next = moment + width
            let part = entries.filter { $0.at >= moment && $0.at < next }
            buckets.append([
                "start_time": .string(moment.text(fractionDigits: 0)),
                "end_time": .string(next.text(fractionDigits: 0)),
                "line_items": .array(items(part)),
            ])
            moment = next
        }
        return ["buckets": .array(buckets)]
    }

    /// One for each product and unit price.
    private func items(_ entries: [BillingEntry]) -> [JSONValue] {
        struct Key: Hashable {
            let model: String
            let price: Int64
        }
        let groups = Dictionary(grouping: entries) { entry in
            Key(model: entry.model, price: entry.cost.nanodollars / Int64(max(1, entry.images)))
        }
        return groups.sorted { ($0.key.model, $0.key.price) < ($1.key.model, $1.key.price) }.map { key, part in
            let (product, endpoint) = Self.product(key.model)
            return [
                "product": .string(product), "description": .string("Ideogram \(key.model)"),
                "endpoint": .string(endpoint),
                "cost_total": .string(Self.padded(part.reduce(.zero) { $0 + $1.cost })),
                "currency_code": "USD", "source": "api",
                "billed_units": [
                    "unit": "image", "quantity": .string(String(part.reduce(0) { $0 + $1.images })),
                    "unit_price": .string(Self.padded(Money(nanodollars: key.price))),
                ],
                "api_key": [
                    "id": .string("key-\(account.suffix(4))"), "redacted_key": .string("••••\(account.suffix(4))"),
                ],
            ]
        }
    }

    /// The identifiers' spelling is a guess after what quotes and other endpoints show; their kind is documented.
    private static func product(_ model: String) -> (product: String, endpoint: String) {
        switch model {
        case "ideogram-v4": ("ideogram_v4_remix", "/v1/ideogram-v4/remix")
        case "ideogram-v3": ("ideogram_v3_remix", "/v1/ideogram-v3/remix")
        case _ where model.hasPrefix("legacy "): ("legacy_remix", "/remix")
        default: (model, "/v2/\(model)")
        }
    }

    /// Six decimals, as in the samples.
    private static func padded(_ amount: Money) -> String {
        let parts = amount.usd.split(separator: ".")
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        return "\(parts[0]).\(fraction)" + String(repeating: "0", count: max(0, 6 - fraction.count))
    }
}
