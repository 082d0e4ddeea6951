import EaselBase

/// The text of a `Date` field (RFC 9110, 5.6.7), remembered for as long as its second lasts.
struct HTTPDate {
    private var second: Int64 = -1
    private var cached: [UInt8] = []

    mutating func text(now: Timestamp = TimeSource.system.now) -> [UInt8] {
        let seconds = now.secondsSince1970
        if seconds != second {
            second = seconds
            cached = Array("\(now.internetDate) GMT".utf8)
        }
        return cached
    }
}
