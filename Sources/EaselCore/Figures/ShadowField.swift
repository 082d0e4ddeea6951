/// The figures of one side of a comparison of shadows: of single requests, not of whole calls, so that both sides are alike.
/// Each is counted by one expression of the ledger.
package enum ShadowField: Int, FigureField {
    case succeeded, partial, refused, failed, unknown
    case imagesAsked, images, withheld
    case cost, estimated, unpriced, costPerImage
    case nsfwImages, nsfwChecked, copyrightChecked, copyrightFlagged, copyrightUndetermined
    case p50, p90, p99

    package static let legend = allCases.map(\.definition)

    private var definition: Figure {
        switch self {
        case .succeeded: Figure("succeeded", .count, "OK", "Requests that delivered everything requested.")
        case .partial: Figure("partial", .count, "Partial", importance: 11, "Requests that delivered only part of it.")
        case .refused:
            Figure("refused", .count, "Refused", importance: 3, "Requests that were refused on content grounds.")
        case .failed: Figure("failed", .count, "Failed", importance: 1, "Requests that failed.")
        case .unknown:
            Figure(
                "unknown",
                .count,
                "Unknown",
                importance: 9,
                "Requests that were sent and whose outcome is not known."
            )
        case .imagesAsked:
            // One side may ask for more in one request than the other can.
            Figure("images_asked", .count, "Asked", importance: 16, form: .data, "Images requested.")
        case .images:
            Figure("images", .count, "Images", importance: 7, "Images that came, without withheld ones.")
        case .withheld:
            Figure("withheld", .count, "Withheld", importance: 13, "Images that the provider made but withheld.")
        case .cost:
            Figure("cost", .money, "Cost USD", importance: 4, "The cost of the requests, as far as it is known.")
        case .estimated:
            Figure(
                "estimated",
                .money,
                "Estimated USD",
                importance: 17,
                form: .data,
                "The part of the cost that no provider confirmed."
            )
        case .unpriced:
            Figure(
                "unpriced",
                .count,
                "Unpriced",
                importance: 18,
                form: .data,
                "Requests whose cost is not known; the cost leaves them out."
            )
        case .costPerImage:
            Figure(
                "cost_per_image",
                .money,
                "USD/image",
                "The cost per image that came, over the requests whose cost is known, failures included."
            )
        case .nsfwImages:
            Figure(
                "nsfw_images",
                .count,
                "NSFW",
                importance: 2,
                "Images that the provider flagged as not safe for work."
            )
        case .nsfwChecked:
            Figure("nsfw_checked", .count, "NSFW checked", importance: 14, "Images with a verdict on safety.")
        case .copyrightChecked:
            Figure(
                "copyright_checked",
                .count,
                "Copyr. checked",
                importance: 15,
                "Images that the provider was asked to check for copyright, and could check."
            )
        case .copyrightFlagged:
            Figure(
                "copyright_flagged",
                .count,
                "Copyr. flagged",
                importance: 8,
                "Images that the provider flagged for copyright."
            )
        case .copyrightUndetermined:
            Figure(
                "copyright_undetermined",
                .count,
                "Copyr. unclear",
                importance: 12,
                "Checked images without a verdict."
            )
        case .p50: Self.percentile("p50", "Half of the requests that delivered took at most this.")
        case .p90: Self.percentile("p90", importance: 10, "Nine of ten requests that delivered took at most this.")
        case .p99: Self.percentile("p99", importance: 5, "99 of 100 requests that delivered took at most this.")
        }
    }

    /// From connect to last byte.
    private static func percentile(_ name: String, importance: Int = 0, _ definition: String) -> Figure {
        Figure("latency_ms_\(name)", .milliseconds, "\(name) s", importance: importance, form: .seconds, definition)
    }
}
