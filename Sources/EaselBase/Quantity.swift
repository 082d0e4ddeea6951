/// Durations as people write them: `500ms`, `30s`, `5m`, `1h`, `7d`.
package enum DurationText {
    /// Nil when the text is not a whole number followed by one of the units, or longer than `longest`.
    package static func parse(_ text: some StringProtocol) -> Duration? {
        let digits = text.prefix(while: \.isASCIIDigit)
        guard let number = Int64(digits), number < 1_000_000_000 else { return nil }
        let duration: Duration
        switch text.dropFirst(digits.count) {
        case "ms": duration = .milliseconds(number)
        case "s": duration = .seconds(number)
        case "m": duration = .seconds(number * 60)
        case "h": duration = .seconds(number * 3600)
        case "d": duration = .seconds(number * 86_400)
        case "" where number == 0: duration = .zero
        default: return nil
        }
        return duration <= longest ? duration : nil
    }

    /// About thirty years: what is longer is a mistake, and would leave the range of nanoseconds.
    package static let longest = Duration.seconds(1_000_000_000)
    /// The same in whole days.
    package static let longestDays = Duration.seconds(11_574 * 86_400)

    /// The shortest exact spelling.
    package static func format(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        if milliseconds % 1000 != 0 { return "\(milliseconds)ms" }
        let seconds = milliseconds / 1000
        if seconds != 0, seconds % 86_400 == 0 { return "\(seconds / 86_400)d" }
        if seconds != 0, seconds % 3600 == 0 { return "\(seconds / 3600)h" }
        if seconds != 0, seconds % 60 == 0 { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }

    /// Exact too, in the largest unit of which there are more than two: `60s` and `24h` stand beside `90s` and `36h`.
    package static func plain(_ duration: Duration) -> String {
        let seconds = duration.milliseconds / 1000
        guard duration.milliseconds % 1000 == 0 else { return format(duration) }
        for (unit, length) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)]
        where seconds % length == 0 && seconds / length > 2 {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}

/// Sizes as people write them: `512`, `10KiB`, `10MiB`, `1GiB`, and the decimal `10MB`.
package enum ByteSizeText {
    /// Bytes, or nil when the text is not a whole number followed by one of the units.
    package static func parse(_ text: some StringProtocol) -> Int? {
        let digits = text.prefix(while: \.isASCIIDigit)
        guard let number = Int(digits), number < 1_000_000_000_000 else { return nil }
        switch text.dropFirst(digits.count) {
        case "", "B": return number
        case "KB", "kB": return number * 1000
        case "MB": return number * 1_000_000
        case "GB": return number < 1_000_000 ? number * 1_000_000_000 : nil
        case "KiB": return number * 1024
        case "MiB": return number < 1_000_000_000 ? number * 1_048_576 : nil
        case "GiB": return number < 1_000_000 ? number * 1_073_741_824 : nil
        default: return nil
        }
    }

    /// `10 MiB`, `1.5 KiB`, `12 B`: for people.
    package static func format(_ bytes: Int) -> String {
        for (unit, size) in [("GiB", 1_073_741_824), ("MiB", 1_048_576), ("KiB", 1024)] where bytes >= size {
            let tenths = (bytes * 10 + size / 2) / size
            return tenths % 10 == 0 ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
        }
        return "\(bytes) B"
    }

    /// `10MiB`, `1536`: in the largest unit that spells it exactly.
    package static func exact(_ bytes: Int) -> String {
        for (unit, size) in [("GiB", 1_073_741_824), ("MiB", 1_048_576), ("KiB", 1024)]
        where bytes >= size && bytes % size == 0 {
            return "\(bytes / size)\(unit)"
        }
        return String(bytes)
    }
}

/// A part of a whole, as people write it: `5%`, `0.25%`. Exact to a millionth.
package struct Share: Sendable, Hashable, Comparable {
    /// 0 to 1,000,000.
    package let millionths: Int

    package static let none = Share(millionths: 0)
    package static let all = Share(millionths: 1_000_000)

    /// Clamped to the range.
    package init(millionths: Int) {
        self.millionths = min(max(millionths, 0), 1_000_000)
    }

    /// The nearest share to a number from 0 to 1.
    package init(fraction: Double) {
        self.init(millionths: Int((min(max(fraction, 0), 1) * 1_000_000).rounded()))
    }

    /// Nil unless the text is a number from 0 to 100 with at most four decimals, followed by `%`.
    package init?(_ text: some StringProtocol) {
        guard text.last == "%" else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        let decimals = parts.count > 1 ? parts[1] : ""
        guard (1...2).contains(parts.count), (1...3).contains(parts[0].count), parts[0].allSatisfy(\.isASCIIDigit),
            parts.count == 1 || (1...4).contains(decimals.count), decimals.allSatisfy(\.isASCIIDigit),
            let whole = Int(parts[0]), let rest = Int(decimals.padding(4)), whole * 10_000 + rest <= 1_000_000
        else { return nil }
        self.init(millionths: whole * 10_000 + rest)
    }

    package var fraction: Double { Double(millionths) / 1_000_000 }

    /// `5%`, `0.25%`: the shortest exact spelling.
    package var text: String {
        let (whole, rest) = millionths.quotientAndRemainder(dividingBy: 10_000)
        return rest == 0 ? "\(whole)%" : "\(whole).\(Digits.fraction(UInt64(rest), places: 4))%"
    }

    package static func < (left: Share, right: Share) -> Bool { left.millionths < right.millionths }

    /// Whether a draw that is uniform over all 64-bit numbers falls into this share.
    package func includes(_ draw: UInt64) -> Bool {
        Int(UInt64(1_000_000).multipliedFullWidth(by: draw).high) < millionths
    }
}

extension StringProtocol {
    /// With zeros at its end up to a length.
    fileprivate func padding(_ length: Int) -> String {
        self + String(repeating: "0", count: Swift.max(0, length - count))
    }
}
