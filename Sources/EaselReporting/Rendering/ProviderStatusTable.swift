package import EaselBase
import Foundation

/// How the providers stand, as a table for people.
package enum ProviderStatusTable {
    /// `providers` are the entries of `GET /v1/providers`. Fits 80 columns: the reasons stand below the table.
    /// `models`: with a row for each model.
    package static func text(_ providers: [JSONValue], models: Bool, style: TextStyle) -> String {
        guard !providers.isEmpty else { return "no providers\n" }
        var table = TextTable([
            .text("Provider"), .text("State", shortest: nil), .text("Breaker", shortest: nil), .number("Load"),
            .number("Wait"), .number("Err"), .number("p50/p95 s"), .number("USD"),
        ])
        var reasons = ""
        let decimals = AmountText.decimals(
            providers.compactMap { $0["spend_today_usd"]?.stringValue.flatMap { Money(usd: $0) } }
        )
        for provider in providers {
            let name = provider["name"]?.stringValue ?? ""
            let entries = provider["models"]?.arrayValue ?? []
            let slowest = entries.max { ($0["attempts"]?.number ?? 0) < ($1["attempts"]?.number ?? 0) }
            table.add([
                name, word(provider["state"]), breaker(provider["breaker"]),
                "\(plain(provider["in_flight"]))/\(plain(provider["max_in_flight"]))", plain(provider["waiting"]),
                percent(provider["error_rate"]), pace(slowest?["latency_ms"]),
                provider["spend_today_usd"]?.stringValue.map { AmountText.aligned($0, decimals: decimals) } ?? "-",
            ])
            reasons += reason(name, provider)
            guard models else { continue }
            for (index, entry) in entries.enumerated() {
                table.add(
                    [
                        word(entry["model"]), word(entry["state"]), breaker(entry["breaker"]), "", "",
                        percent(entry["error_rate"]), pace(entry["latency_ms"]), "",
                    ],
                    .sub(last: index == entries.count - 1)
                )
                reasons += reason("\(name) \(word(entry["model"]))", entry)
            }
        }
        let rendering = table.render(style)
        let note = rendering.roomNote("--json has them").map { $0 + "\n" } ?? ""
        return rendering.text + reasons + note
    }

    private static func reason(_ name: String, _ entry: JSONValue) -> String {
        guard let reason = entry["reason"]?.stringValue else { return "" }
        let pause = entry["retry_after_ms"]?.number.map { "; again in \(Int($0 / 1000) + 1) s" } ?? ""
        return "\(name): \(reason)\(pause)\n"
    }

    private static func plain(_ value: JSONValue?) -> String {
        value?.stringValue ?? value?.numberValue.map { "\($0)" } ?? ""
    }

    private static func word(_ value: JSONValue?) -> String { value?.stringValue ?? "" }

    private static func breaker(_ value: JSONValue?) -> String {
        value?.stringValue == "half_open" ? "half" : word(value)
    }

    private static func percent(_ value: JSONValue?) -> String {
        value?.number.map { "\(Percent.whole(Int64(saturating: ($0 * 1_000_000).rounded()), of: 1_000_000))%" } ?? "-"
    }

    private static func pace(_ value: JSONValue?) -> String {
        guard let p50 = value?["p50"]?.number, let p95 = value?["p95"]?.number else { return "-" }
        return "\(seconds(p50))/\(seconds(p95))"
    }

    /// `0.4`, `12.3`, `123`.
    private static func seconds(_ milliseconds: Double) -> String {
        milliseconds >= 99_950
            ? String(Int(saturating: (milliseconds / 1000).rounded())) : String((milliseconds / 100).rounded() / 10)
    }
}

extension JSONValue {
    fileprivate var number: Double? { numberValue.map { NSDecimalNumber(decimal: $0).doubleValue } }
}
