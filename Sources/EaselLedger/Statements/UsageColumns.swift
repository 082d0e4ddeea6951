import EaselCore

/// The columns of the rollups.
enum UsageColumns {
    /// Sums over calls, attempts and images.
    static let figures = UsageFigures.sumColumns
    /// What a row is about, apart from its team and its window.
    static let details = ["provider", "model", "project", "key_id", "tags_id", "tags"]
    static let summary = ["provider", "model"]
    /// Team and window, which every row begins with.
    static let window = ["team_id", "bucket"]
    /// What makes a detailed row one of its kind: the hash stands for the tags.
    static let detailKeys = details.filter { $0 != "tags" }
    static let latency = UsageFigures.histogramColumns

    /// Sums over attempts.
    static let attemptFigures = AttemptFigures.sumColumns
    static let attemptKeys = ["provider", "model", "error_code"]
    /// A histogram for each phase, in microseconds.
    static let phaseHistograms = AttemptFigures.histogramColumns

    /// `sum(a)::bigint AS a, sum(b)::bigint AS b`
    static func sums(_ names: [String]) -> String {
        names.map { "sum(\($0))::bigint AS \($0)" }.joined(separator: ", ")
    }

    static func list(_ names: [String]) -> String { names.joined(separator: ", ") }
}

extension SummedFigures {
    /// The columns of its sums and of its histograms, in the order in which rows are read.
    static var sumColumns: [String] { Field.legend.map(\.storedName) }
    static var histogramColumns: [String] { histograms.map { "\($0)_histogram" } }
}
