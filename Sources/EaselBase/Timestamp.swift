package import Foundation

/// A moment in UTC, in whole microseconds since 1970: what PostgreSQL's `timestamptz` can hold exactly.
package struct Timestamp: Sendable, Hashable, Comparable {
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package init(seconds: Double) {
        self.init(microseconds: Int64(seconds * 1_000_000))
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    package static func + (moment: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(microseconds: moment.microseconds + duration.microseconds)
    }

    package static func - (moment: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(microseconds: moment.microseconds - duration.microseconds)
    }

    /// The time from `earlier` to this moment; negative when it lies later.
    package func since(_ earlier: Timestamp) -> Duration {
        .microseconds(microseconds - earlier.microseconds)
    }

    package var millisecondsSince1970: Int64 { microseconds / 1000 }
    package var secondsSince1970: Int64 { Self.floorDivided(microseconds, 1_000_000) }

    /// Division that rounds towards the past, also before 1970; exact, unlike one by `Double`.
    static func floorDivided(_ number: Int64, _ divisor: Int64) -> Int64 {
        let quotient = number / divisor
        return number % divisor < 0 ? quotient - 1 : quotient
    }
    package var date: Date { Date(timeIntervalSince1970: Double(microseconds) / 1_000_000) }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-11-21T09:30:00.125Z`.
    package var description: String { text(fractionDigits: 3) }

    /// RFC 3339 in UTC with the given number of decimals of a second (0 to 6).
    package func text(fractionDigits: Int) -> String {
        let days = Self.floorDivided(microseconds, 86_400_000_000)
        let inDay = microseconds - days * 86_400_000_000
        let (year, month, day) = CivilDate.fromDays(Int(days))
        let seconds = Int(inDay / 1_000_000)
        var text = ""
        text.reserveCapacity(27)
        text.appendPadded(year, width: 4)
        text += "-"
        text.appendPadded(month, width: 2)
        text += "-"
        text.appendPadded(day, width: 2)
        text += "T"
        text.appendPadded(seconds / 3600, width: 2)
        text += ":"
        text.appendPadded(seconds / 60 % 60, width: 2)
        text += ":"
        text.appendPadded(seconds % 60, width: 2)
        if fractionDigits > 0 {
            var fraction = Int(inDay % 1_000_000)
            for _ in fractionDigits..<6 { fraction /= 10 }
            text += "."
            text.appendPadded(fraction, width: fractionDigits)
        }
        return text + "Z"
    }

    /// Reads RFC 3339 (`T` or a space between date and time, `Z` or an offset, any number of decimals), or a date
    /// alone, which means its first moment in UTC.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[range] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 48)
            }
            return value
        }
        guard bytes.count >= 10, bytes[4] == 45, bytes[7] == 45, let year = number(0..<4), let month = number(5..<7),
            let day = number(8..<10), (1...12).contains(month),
            (1...CivilDate.daysIn(month: month, year: year)).contains(day)
        else { return nil }
        let days = Int64(CivilDate.toDays(year: year, month: month, day: day)) * 86_400_000_000
        if bytes.count == 10 {
            self.init(microseconds: days)
            return
        }
        guard bytes.count >= 20, bytes[10] == 84 || bytes[10] == 116 || bytes[10] == 32, bytes[13] == 58,
            bytes[16] == 58, let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            hour < 24, minute < 60, second < 61
        else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if bytes[index] == 46 {
            index += 1
            var unit: Int64 = 100_000
            let start = index
            while index < bytes.count, (48...57).contains(bytes[index]) {
                fraction += Int64(bytes[index] - 48) * unit
                unit /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        guard index < bytes.count else { return nil }
        var offsetSeconds: Int64 = 0
        switch bytes[index] {
        case 90, 122:  // Z
            guard index + 1 == bytes.count else { return nil }
        case 43, 45:  // + -
            guard index + 6 == bytes.count, bytes[index + 3] == 58, let hours = number(index + 1..<index + 3),
                let minutes = number(index + 4..<index + 6), hours < 24, minutes < 60
            else { return nil }
            offsetSeconds = Int64(hours * 3600 + minutes * 60) * (bytes[index] == 43 ? 1 : -1)
        default: return nil
        }
        let seconds = Int64(hour * 3600 + minute * 60 + second) - offsetSeconds
        self.init(microseconds: days + seconds * 1_000_000 + fraction)
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let moment = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
        }
        self = moment
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Timestamp {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37`, in UTC and without its zone, which HTTP (RFC 9110, 5.6.7) and mail (RFC 5322, 3.3) write
    /// each in its own way. For moments since 1970.
    package var internetDate: String {
        let seconds = secondsSince1970
        let days = Int(seconds / 86_400)
        let inDay = Int(seconds % 86_400)
        let (year, month, day) = CivilDate.fromDays(days)
        // 1970-01-01 was a Thursday.
        var text = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days % 7] + ", "
        text.appendPadded(day, width: 2)
        text += " " + Self.months[month - 1] + " "
        text.appendPadded(year, width: 4)
        text += " "
        text.appendPadded(inDay / 3600, width: 2)
        text += ":"
        text.appendPadded(inDay / 60 % 60, width: 2)
        text += ":"
        text.appendPadded(inDay % 60, width: 2)
        return text
    }
}

/// The proleptic Gregorian calendar as arithmetic on days since 1970-01-01, without locale or time zone.
package enum CivilDate {
    // The era arithmetic is the well-known one of 400-year cycles beginning on 1 March.
    package static func toDays(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    package static func fromDays(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    package static func daysIn(month: Int, year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension String {
    /// Appends a non-negative number with leading zeros up to `width`.
    package mutating func appendPadded(_ number: Int, width: Int) {
        let digits = String(number)
        for _ in 0..<Swift.max(0, width - digits.utf8.count) { append("0") }
        append(digits)
    }
}
