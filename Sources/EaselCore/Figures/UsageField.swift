/// The figures of usage: sums over calls, their attempts and their images, in the order of their report. Each is a column of
/// the tables `usage_*` and is counted by one expression of the ledger.
package enum UsageField: Int, FigureField {
    case calls, succeeded, partial, refused, failed, images
    case cost, estimated, reconciled
    case failovers, failoverCost, hedges, hedgeCost
    case nsfwImages, copyrightChecked, copyrightFlagged, copyrightUndetermined
    case imagesReturned, withheld, nsfwClear, unpricedAttempts, unknownAttempts

    package static let legend = allCases.map(\.definition)

    private var definition: Figure {
        switch self {
        case .calls: Figure("calls", .count, "Calls", "Calls that have ended.")
        case .succeeded:
            Figure("succeeded", .count, "OK", importance: 5, "Calls that delivered every image requested.")
        case .partial:
            Figure("partial", .count, "Partial", importance: 9, "Calls that delivered only some of the images.")
        case .refused:
            Figure("refused", .count, "Refused", importance: 4, "Calls that a provider refused on content grounds.")
        case .failed: Figure("failed", .count, "Failed", importance: 3, "Calls that failed.")
        case .images: Figure("images", .count, "Images", importance: 1, "Images that were delivered.")
        case .cost: Figure("cost", .money, "Cost USD", "What the calls cost, estimates included.")
        case .estimated:
            // In a table it is a mark on the cost.
            Figure(
                "estimated",
                .money,
                "Estimated USD",
                importance: 9,
                form: .data,
                "The part of the cost that no provider confirmed."
            )
        case .reconciled:
            Figure(
                "reconciled",
                .money,
                "Reconciled USD",
                importance: 13,
                "The part of the cost that a comparison with the provider's figures confirmed."
            )
        case .failovers:
            Figure("failovers", .count, "Failovers", importance: 6, "Calls that another provider took over.")
        case .failoverCost:
            Figure(
                "failover_cost",
                .money,
                "Failover USD",
                importance: 10,
                "The cost of attempts that delivered nothing."
            )
        case .hedges:
            Figure(
                "hedges",
                .count,
                "Hedges",
                importance: 15,
                form: .data,
                "Calls for which a second provider was asked while the first was late."
            )
        case .hedgeCost:
            Figure(
                "hedge_cost",
                .money,
                "Hedge USD",
                importance: 16,
                form: .data,
                "The cost of attempts that lost such a race; part of the failover cost."
            )
        case .nsfwImages:
            Figure(
                "nsfw_images",
                .count,
                "NSFW",
                importance: 2,
                "Images that the provider flagged as not safe for work."
            )
        case .copyrightChecked:
            Figure(
                "copyright_checked",
                .count,
                "Copyr. checked",
                importance: 11,
                "Images that the provider was asked to check for copyright, and could check."
            )
        case .copyrightFlagged:
            Figure(
                "copyright_flagged",
                .count,
                "Copyr. flagged",
                importance: 7,
                "Images that the provider flagged for copyright."
            )
        case .copyrightUndetermined:
            Figure(
                "copyright_undetermined",
                .count,
                "Copyr. unclear",
                importance: 12,
                "Checked images without a verdict, such as those withheld without a reason."
            )
        case .imagesReturned:
            Figure(
                "pictures",
                .count,
                "Returned",
                isReported: false,
                "Images that came back, including withheld ones."
            )
        case .withheld:
            Figure(
                "withheld",
                .count,
                "Withheld",
                isReported: false,
                "Images that the provider made but withheld."
            )
        case .nsfwClear:
            Figure(
                "nsfw_clear",
                .count,
                "Safe",
                isReported: false,
                "Images that the provider checked and found safe."
            )
        case .unpricedAttempts:
            Figure(
                "unpriced_attempts",
                .count,
                "Unpriced",
                isReported: false,
                "Attempts without a cost because there is no price."
            )
        case .unknownAttempts:
            Figure(
                "unknown_attempts",
                .count,
                "Unknown",
                isReported: false,
                "Attempts that were sent and whose outcome is not known."
            )
        }
    }
}
