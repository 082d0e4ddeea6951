package import EaselBase

/// Figures as people read them.
package enum FigureText {
    /// `4,310`.
    package static func count(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return number < 0 ? "-\(text)" : text
    }

    /// Seconds out of milliseconds with one decimal: `4.1`; nil is `none`.
    package static func seconds(milliseconds: Int?, none: String) -> String {
        guard let milliseconds else { return none }
        let tenths = (milliseconds + 50) / 100
        return "\(count(tenths / 10)).\(tenths % 10)"
    }

    /// Decimals that show every one of the amounts as it is, 2 at least and 4 at most: amounts below each other in a
    /// column have the same.
    package static func decimals(_ amounts: some Sequence<Money>) -> Int {
        amounts.map { amount in
            let fraction = amount.nanodollars.magnitude % UInt64(Money.nanodollarsPerDollar)
            return fraction % 10_000_000 == 0 ? 2 : fraction % 1_000_000 == 0 ? 3 : 4
        }
        .max() ?? 2
    }

    /// Dollars with so many decimals (0 to 9), rounded half away from zero: `1,234.50`. JSON and CSV have the exact amount.
    package static func dollars(_ amount: Money, decimals: Int) -> String {
        var unit: UInt64 = 1
        for _ in decimals..<9 { unit *= 10 }
        let rounded = (amount.nanodollars.magnitude + unit / 2) / unit
        var scale: UInt64 = 1
        for _ in 0..<decimals { scale *= 10 }
        var text = count(Int(rounded / scale))
        if decimals > 0 {
            text += "."
            text.appendPadded(Int(rounded % scale), width: decimals)
        }
        return amount.nanodollars < 0 && rounded > 0 ? "-\(text)" : text
    }

    /// `$1,234.50`: enough for a sentence.
    package static func cents(_ amount: Money) -> String { "$" + dollars(amount, decimals: 2) }

    /// A part of a whole with one decimal, two below a percent, rounded half up: `4.3%`, `0.12%`. What is less than the
    /// whole is never 100%.
    package static func percent(_ share: Double) -> String { percent(share, most: share < 1 ? 999 : .max) }

    /// A relative change, written as a share is.
    package static func change(_ change: Double) -> String { percent(change, most: .max) }

    /// - Parameter most: the most tenths of a percent.
    private static func percent(_ share: Double, most: Int) -> String {
        let percent = share * 100
        guard abs(percent) < 1e9 else { return percent < 0 ? "-" : "+" }
        let places = abs(percent) < 1 && percent != 0 ? 100.0 : 10.0
        // 0.285 is a little less than it in binary: the last digits of a Double do not decide about half.
        let tick = (abs(percent) * places + 1e-9).rounded()
        let rounded = places == 10 ? min(Int(saturating: tick), most) : Int(saturating: tick)
        let (whole, rest) = rounded.quotientAndRemainder(dividingBy: Int(places))
        var text = count(whole) + "."
        text.appendPadded(rest, width: places == 10 ? 1 : 2)
        return (percent < 0 && rounded > 0 ? "-" : "") + text + "%"
    }

    /// A duration with its unit, in three figures or so: `3.2 ms`, `840 ms`, `4.10 s`, `3.2 min`.
    package static func latency(milliseconds: Double) -> String {
        func decimals(_ number: Double, _ places: Int) -> String {
            let scale = places == 2 ? 100 : 10
            let (whole, rest) = Int(saturating: (number * Double(scale)).rounded()).quotientAndRemainder(
                dividingBy: scale
            )
            var text = "\(whole)."
            text.appendPadded(rest, width: places)
            return text
        }
        let time = max(0, milliseconds)
        if time < 10 { return decimals(time, 1) + " ms" }
        if time < 999.5 { return "\(Int(saturating: time.rounded())) ms" }
        if time < 9995 { return decimals(time / 1000, 2) + " s" }
        if time < 119_950 { return decimals(time / 1000, 1) + " s" }
        return decimals(time / 60_000, 1) + " min"
    }

    /// An hour by the clock on the wall and that clock's distance from UTC, which tells the two hours of an autumn night
    /// apart: `2026-10-25 02:00 +01:00`; in UTC without it. `name` is the hour as reports name it, an RFC 3339 time.
    package static func hour(_ name: String, timezone: String) -> String {
        guard let moment = Timestamp(name), let zone = LocalTime(timezone) else { return name }
        let local = zone.text(moment)
        guard timezone != "UTC", let asUTC = Timestamp(local.replacing(" ", with: "T") + ":00Z") else { return local }
        let minutes = Int(asUTC.since(moment).milliseconds / 60_000)
        var text = "\(local) \(minutes < 0 ? "-" : "+")"
        text.appendPadded(abs(minutes) / 60, width: 2)
        text += ":"
        text.appendPadded(abs(minutes) % 60, width: 2)
        return text
    }

    /// A line of bars, one for each figure, from zero to the highest; digits where there are no bars to draw with.
    package static func sparkline(_ figures: [Double], unicode: Bool) -> String {
        let bars = Array(unicode ? "▁▂▃▄▅▆▇█" : "12345678")
        guard let highest = figures.max(), highest > 0 else {
            return String(repeating: unicode ? " " : ".", count: figures.count)
        }
        return figures.map { figure in
            guard figure > 0 else { return unicode ? " " : "." }
            return String(bars[min(max(Int(saturating: figure / highest * 8), 0), 7)])
        }
        .joined()
    }

    /// A bar of so many columns for a share of 1.
    package static func bar(_ share: Double, width: Int, unicode: Bool) -> String {
        let eighths = Int(saturating: (min(max(share, 0), 1) * Double(width * 8)).rounded())
        guard unicode else { return String(repeating: "#", count: (eighths + 4) / 8) }
        let parts = Array("▏▎▍▌▋▊▉")
        return String(repeating: "█", count: eighths / 8) + (eighths % 8 > 0 ? String(parts[eighths % 8 - 1]) : "")
    }
}
