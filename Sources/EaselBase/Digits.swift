/// Decimal digits, written without a detour: amounts and counts stand in what is written on every call.
enum Digits {
    /// The digits behind the point of a fraction that counts so many places, without trailing zeros: 2,500,000 of nine
    /// places is `0025`. At least one digit; nine places at most.
    static func fraction(_ fraction: UInt64, places: Int) -> String {
        var rest = fraction
        var length = places
        while length > 1, rest.isMultiple(of: 10) {
            rest /= 10
            length -= 1
        }
        return String(unsafeUninitializedCapacity: length) { digits in
            for place in (0..<length).reversed() {
                digits[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            return length
        }
    }
}
