import EaselBase
import EaselReporting
import Foundation
import Testing

struct ProviderStatusTableTests {
    private func providers() throws -> [JSONValue] {
        let text = """
            [{"name": "runware", "state": "cooling_down", "breaker": "half_open", "reason": "asked for a pause",
              "retry_after_ms": 4200, "in_flight": 3, "max_in_flight": 32, "waiting": 120, "error_rate": 0.126,
              "spend_today_usd": "12.34",
              "models": [
                {"model": "ideogram-4.0", "state": "ok", "breaker": "closed", "attempts": 40, "error_rate": 0.1,
                 "latency_ms": {"p50": 12340, "p95": 45600}},
                {"model": "ideogram-3.0", "state": "slow", "breaker": "closed", "reason": "5 slow answers", "attempts": 2,
                 "latency_ms": {"p50": 100400, "p95": 120000}}]},
             {"name": "ideogram", "state": "ok", "breaker": "closed", "in_flight": 0, "max_in_flight": 10,
              "waiting": 0, "spend_today_usd": "0", "models": []}]
            """
        return try JSON.decode([JSONValue].self, from: Array(text.utf8))
    }

    @Test func `it fits 80 columns with every column, and the reasons stand below`() throws {
        let text = ProviderStatusTable.text(try providers(), models: false, style: TextStyle(width: 80))
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(text)")
        #expect(!text.contains("No room"))
        #expect(
            text.contains("│ runware  │ cooling_down │ half    │ 3/32 │  120 │ 13% │ 12.3/45.6 │ 12.34 │"),
            "\(text)"
        )
        #expect(text.contains("│ ideogram │ ok           │ closed  │ 0/10 │    0 │   - │         - │  0.00 │"))
        #expect(lines.last == "runware: asked for a pause; again in 5 s")
    }

    @Test func `models have rows of their own`() throws {
        let text = ProviderStatusTable.text(try providers(), models: true, style: TextStyle(width: nil))
        #expect(text.contains(" ├─ ideogram-4.0 │ ok           │ closed  │      │      │ 10% │ 12.3/45.6 │"), "\(text)")
        #expect(text.contains(" └─ ideogram-3.0 │ slow         │ closed  │      │      │   - │   100/120 │"))
        #expect(text.contains("runware ideogram-3.0: 5 slow answers\n"))
    }

    @Test func `without providers it says so`() {
        #expect(ProviderStatusTable.text([], models: false, style: TextStyle(width: 80)) == "no providers\n")
    }
}
