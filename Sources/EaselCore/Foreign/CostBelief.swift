package import EaselBase

/// How much a provider may say that it charged before it is not believed.
///
/// M2 lets a provider charge more than its price: that is posted in full and alerted. A figure far beyond is a mistake of
/// theirs or of ours in reading it; posted, it would close every budget for a month. It counts at the attempt's bound with
/// basis `unknown`, and what was claimed stands beside it.
package struct CostBelief: Sendable, Hashable {
    /// The member of an attempt's `extra` that holds the figure as it was claimed, in US dollars.
    package static let claimMark = "easel_claimed_cost_usd"
    /// A hundred times the price, as `limits.cost_multiple` says when nothing else is configured.
    package static let standard = CostBelief(multiple: 100)

    /// So many times the price of the images that were asked for.
    package let multiple: Int

    /// 2 at least: anything above the price must be possible (M2).
    package init(multiple: Int) {
        self.multiple = max(2, multiple)
    }

    /// What counts as the price where there is none, or a lower one: a multiple of nothing would be nothing.
    static let leastPrice = Money(nanodollars: 10_000_000)
    /// The same where no price is known: a dollar.
    static let unknownPrice = Money(nanodollars: Money.nanodollarsPerDollar)

    /// The most that is believed of one attempt.
    package func most(pricePerImage: Money?, images: Int) -> Money {
        max(pricePerImage ?? Self.unknownPrice, Self.leastPrice) * max(1, images) * multiple
    }
}
