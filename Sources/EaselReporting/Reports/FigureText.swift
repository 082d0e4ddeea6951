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
}
