package import EaselBase

/// What a call still holds back in its budgets when it is over: the upper bounds of what is unknown, for as long as it is
/// (M7). One that was posted at its bound holds nothing back any more.
package struct HeldBack: Sendable, Hashable {
    /// Nil where a bound is not known.
    package let amount: Money?
    package let images: Int
    /// Whether nothing is held back.
    package let isEmpty: Bool

    /// `ends` are those of all attempts of the call.
    package init(_ ends: some Collection<AttemptEnd>) {
        let unknown = ends.filter {
            $0.outcome == .unknown && $0.cost == nil && $0.errorCode != AttemptEnd.postedAtBound
        }
        amount = Money.sum(unknown.map(\.start.bound))
        images = unknown.reduce(0) { $0 + $1.start.imagesAsked }
        isEmpty = unknown.isEmpty
    }
}
