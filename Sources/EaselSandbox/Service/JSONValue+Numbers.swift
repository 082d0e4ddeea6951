import EaselBase
import Foundation

extension JSONValue {
    /// A whole number.
    static func integer(_ number: Int) -> JSONValue { .number(Decimal(number)) }

    /// An amount in US dollars as a JSON number, as the providers write it.
    static func dollars(_ money: Money) -> JSONValue {
        .number(Decimal(money.nanodollars) / Decimal(Money.nanodollarsPerDollar))
    }
}
