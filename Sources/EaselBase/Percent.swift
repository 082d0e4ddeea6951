/// Shares of a whole in percent, as people read them: rounded half up, and 100 only for the whole. 99.96% is no 100.0%:
/// that one call failed is what its reader looks for.
package enum Percent {
    /// In whole percents. A part beyond the whole is more than 100; nothing in a whole of nothing is 100, as a limit of
    /// zero is used up.
    package static func whole(_ part: Int64, of whole: Int64) -> Int {
        scaled(part, of: whole, places: 0)
    }

    /// With one decimal: `54.2%`; `none` without a whole.
    package static func text(_ part: Int, of whole: Int, none: String = "-") -> String {
        guard whole > 0 else { return none }
        let tenths = scaled(Int64(part), of: Int64(whole), places: 1)
        return "\(tenths < 0 ? "-" : "")\(tenths.magnitude / 10).\(tenths.magnitude % 10)%"
    }

    /// Rounded half up to so many decimals, in units of the last one; not the whole unless it is.
    private static func scaled(_ part: Int64, of whole: Int64, places: Int) -> Int {
        var full: Int128 = 100
        for _ in 0..<places { full *= 10 }
        guard whole > 0 else { return Int(full) }
        let share = Int128(part) * full
        // Half up for negative parts too: the quotient of integers goes towards zero.
        let doubled = 2 * share + Int128(whole)
        let divisor = 2 * Int128(whole)
        var rounded = doubled / divisor
        if doubled < 0, doubled % divisor != 0 { rounded -= 1 }
        if part < whole { rounded = min(rounded, full - 1) }
        return Int(clamping: rounded)
    }
}
