/// Where a figure comes from.
package enum CostBasis: String, Sendable, Hashable, Codable, CaseIterable {
    /// The provider said so.
    case provider
    /// From the price book: an estimate.
    case priceBook = "price_book"
    /// Nobody can say; the amount, if any, is the upper bound.
    case unknown
}
