import EaselBase
package import EaselCore

/// A usage report in the columns of FOCUS 1.2, the FinOps Open Cost and Usage Specification, as CSV: one charge for each
/// day, team, project, provider and model, for tools that put costs of many vendors side by side.
package enum FocusExport {
    /// How the report must be grouped, in UTC.
    package static let groups: [UsageQuery.Dimension] = [.day, .team, .project, .provider, .model]

    /// Names of FOCUS 1.2, in its order by name; those that begin with `x_` are ours, as it allows.
    private static let columns = [
        "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
        "BillingPeriodStart",
        "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
        "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost",
        "PricingCategory", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "ResourceId",
        "ServiceCategory",
        "ServiceName", "ServiceSubcategory", "SkuId", "SubAccountId", "SubAccountName", "SubAccountType", "Tags",
        "x_Calls", "x_EstimatedCost", "x_FailoverCost",
    ]

    package static func csv(_ report: UsageReport) -> String {
        var writer = CSVWriter()
        writer.write(columns)
        let zone = LocalTime("UTC")
        for row in report.rows where row.group.count == groups.count {
            guard let day = row.group[0], let start = Timestamp(day), let zone else { continue }
            let figures = row.figures
            let provider = row.group[3] ?? ""
            let model = row.group[4] ?? ""
            let cost = figures.cost.usd
            var tags = JSONText()
            tags.object { if let project = row.group[2] { $0.member("project", project) } }
            let values: [String: String] = [
                "BilledCost": cost, "EffectiveCost": cost, "ContractedCost": cost, "ListCost": cost,
                "BillingAccountId": provider, "BillingAccountName": provider, "BillingCurrency": "USD",
                "BillingPeriodStart": zone.startOfMonth(start).text(fractionDigits: 0),
                "BillingPeriodEnd": zone.nextMonth(start).text(fractionDigits: 0),
                "ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based",
                "ChargeDescription": "Image remixes with \(model) at \(provider.isEmpty ? "no provider" : provider)",
                "ChargePeriodStart": start.text(fractionDigits: 0),
                "ChargePeriodEnd": (start + .seconds(86_400)).text(fractionDigits: 0),
                "ConsumedQuantity": String(figures.images), "ConsumedUnit": "Images",
                "PricingQuantity": String(figures.images), "PricingUnit": "Images", "PricingCategory": "Standard",
                "InvoiceIssuerName": provider, "ProviderName": provider, "PublisherName": provider,
                "ServiceCategory": "AI and Machine Learning", "ServiceSubcategory": "Generative AI",
                "ServiceName": "Image remix", "SkuId": model, "SubAccountId": row.group[1] ?? "",
                "SubAccountName": row.group[1] ?? "", "SubAccountType": "Team",
                "Tags": String(decoding: tags.bytes, as: UTF8.self), "x_Calls": String(figures.calls),
                "x_EstimatedCost": figures.estimated.usd, "x_FailoverCost": figures.failoverCost.usd,
            ]
            writer.write(columns.map { values[$0] ?? "" })
        }
        return writer.text
    }
}
