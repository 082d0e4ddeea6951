package import EaselBase

/// How long attempts of one kind take: quantiles of the last ones, worked out when one is recorded so that planning only
/// reads them, and a baseline that does not learn from slow ones.
package struct PaceHistory: Sendable, Hashable {
    /// After this long without a record nothing counts as known.
    package static let memory = Duration.seconds(600)
    /// A baseline of fewer attempts says nothing.
    package static let leastForBaseline = 5
    /// `fast` of fewer attempts would be a guess.
    package static let leastForFast = 8
    /// An attempt shorter than this is never slow.
    package static let leastSlow = Duration.seconds(10)
    /// So many times the usual time is slow.
    package static let slowFactor = 5

    /// What the last attempts took.
    package struct Quantiles: Sendable, Hashable {
        package let p20: Duration
        package let p50: Duration
        package let p95: Duration
        package let count: Int

        /// p20, where there are enough attempts to tell.
        package var fast: Duration? { count >= PaceHistory.leastForFast ? p20 : nil }
    }

    private var recent = DurationHistory()
    private var known: Quantiles?
    private var recordedAt = SteadyInstant(nanoseconds: 0)
    private var baseline = DurationHistory()
    private var baselineMedian: Duration?
    private var baselineAt = SteadyInstant(nanoseconds: 0)

    package init() {}

    /// Nil before the first attempt, and when the last one is long ago.
    package func quantiles(at now: SteadyInstant) -> Quantiles? {
        now.since(recordedAt) <= Self.memory ? known : nil
    }

    /// Whether an attempt of that length is slow by what is known.
    package func isSlow(_ duration: Duration, at now: SteadyInstant) -> Bool {
        guard let median = baselineMedian, baseline.count >= Self.leastForBaseline,
            now.since(baselineAt) <= Self.memory
        else { return false }
        return duration > max(Self.leastSlow, median * Self.slowFactor)
    }

    /// Takes an attempt in. `slow`: the baseline does not learn from it.
    package mutating func record(_ duration: Duration, slow: Bool, at now: SteadyInstant) {
        // What is older than the memory would mix another day's pace in.
        if now.since(recordedAt) > Self.memory { recent = DurationHistory() }
        recent.record(duration)
        recordedAt = now
        let values = recent.quantiles(0.2, 0.5, 0.95)
        known = Quantiles(p20: values[0], p50: values[1], p95: values[2], count: recent.count)
        guard !slow else { return }
        if now.since(baselineAt) > Self.memory { baseline = DurationHistory() }
        baseline.record(duration)
        baselineAt = now
        baselineMedian = baseline.quantile(0.5)
    }
}
