import EaselBase

/// The text of a `Date` field (RFC 9110, 5.6.7), remembered for as long as its second lasts.
struct HTTPDate {
    private var second: Int64 = -1
    private var cached: [UInt8] = []

    mutating func text(now: Timestamp = TimeSource.system.now) -> [UInt8] {
        let seconds = now.secondsSince1970
        if seconds != second {
            second = seconds
            cached = Self.format(seconds)
        }
        return cached
    }

    private static func format(_ seconds: Int64) -> [UInt8] {
        let days = Int(seconds / 86_400)
        let inDay = Int(seconds % 86_400)
        let (year, month, day) = CivilDate.fromDays(days)
        // 1970-01-01 was a Thursday.
        var text = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days % 7] + ", "
        text.appendPadded(day, width: 2)
        text += " " + months[month - 1] + " "
        text.appendPadded(year, width: 4)
        text += " "
        text.appendPadded(inDay / 3600, width: 2)
        text += ":"
        text.appendPadded(inDay / 60 % 60, width: 2)
        text += ":"
        text.appendPadded(inDay % 60, width: 2)
        text += " GMT"
        return Array(text.utf8)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
