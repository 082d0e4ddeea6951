import EaselBase
import EaselCore

/// Alerts as the interface shows them.
enum AlertText {
    static func write(_ state: AlertState, mutedUntil: Timestamp?, to text: inout JSONText) {
        let finding = state.finding
        text.object { text in
            text.member("rule", state.rule)
            text.member("subject", finding.subject)
            text.member("state", state.isFiring ? "firing" : "ok")
            text.member("severity", finding.severity.rawValue)
            text.member("level", finding.level)
            text.member("value", finding.value)
            text.member("summary", finding.summary)
            text.member("since", state.since.description)
            text.member("muted_until", mutedUntil?.description)
            text.member("details", finding.details)
        }
    }
}
