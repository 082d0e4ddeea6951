/// The columns of the rollups, in the order of their tables.
enum UsageColumns {
    /// Sums over calls, attempts and pictures.
    static let figures = [
        "calls", "succeeded", "partial", "refused", "failed", "images", "failovers", "failover_cost_nusd", "cost_nusd",
        "estimated_nusd", "reconciled_nusd", "hedges", "hedge_cost_nusd", "unpriced_attempts", "unknown_attempts",
        "pictures", "withheld", "nsfw_images", "nsfw_clear", "copyright_checked", "copyright_flagged",
        "copyright_undetermined",
    ]
    /// What a row is about, apart from its team and its window.
    static let details = ["provider", "model", "project", "key_id", "tags_id", "tags"]
    static let summary = ["provider", "model"]
    /// Team and window, which every row begins with.
    static let window = ["team_id", "bucket"]
    /// What makes a detailed row one of its kind: the hash stands for the tags.
    static let detailKeys = details.filter { $0 != "tags" }
    static let latency = ["latency_histogram"]

    /// Sums over attempts.
    static let attemptFigures = [
        "attempts", "sent", "succeeded", "partial", "refused", "failed", "unknown", "images", "cost_nusd",
        "wasted_nusd",
    ]
    static let attemptKeys = ["provider", "model", "error_code"]
    /// A histogram for each, in microseconds.
    static let phases = ["total", "first_byte", "tls", "connect", "dns"]
    static let phaseHistograms = phases.map { "\($0)_histogram" }

    /// `sum(a)::bigint AS a, sum(b)::bigint AS b`
    static func sums(_ names: [String]) -> String {
        names.map { "sum(\($0))::bigint AS \($0)" }.joined(separator: ", ")
    }

    static func list(_ names: [String]) -> String { names.joined(separator: ", ") }
}
