// A number that comes from outside, or out of a division by one, may be beyond every integer; `Int(_: Double)` ends the
// program then. These do not.

extension Int {
    /// The whole number nearest to zero from a floating-point one; the end of the range beyond it, and 0 for what is no
    /// number.
    package init(saturating value: Double) {
        self = value.isNaN ? 0 : value >= 0x1p63 ? .max : value <= -0x1p63 ? .min : Int(value)
    }
}

extension Int64 {
    /// As `Int(saturating:)`.
    package init(saturating value: Double) {
        self.init(Int(saturating: value))
    }

    /// The sum, held at the ends of the range.
    @inlinable
    package func addingSaturating(_ other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other > 0 ? .max : .min) : sum
    }
}
