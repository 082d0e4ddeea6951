package import EaselBase

extension HTTPFields {
    /// What `Retry-After` asks for, in seconds or as a date (RFC 9110, 10.2.3); nil without the field and where it is neither.
    /// A date that is over asks for no pause.
    ///
    /// - Parameters:
    ///   - longest: the longest pause that is believed.
    ///   - now: when the answer came.
    package func retryAfter(atMost longest: Duration, now: Timestamp = TimeSource.system.now) -> Duration? {
        guard let text = self["Retry-After"] else { return nil }
        let seconds: Double
        if let number = Double(text) {
            seconds = number
        } else if let date = CurlDate.parse(text) {
            // Not by way of a Duration, whose nanoseconds end after 292 years.
            seconds = max(0, Double(date.microseconds - now.microseconds) / 1_000_000)
        } else {
            return nil
        }
        guard seconds >= 0 else { return nil }
        // Also where it is infinite.
        return min(.milliseconds(Int64(min(seconds, 1_000_000) * 1000)), longest)
    }
}
