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
        writer.head(columns)
        let zone = LocalTime("UTC")
        for row in report.rows where row.group.count == groups.count {
            guard let day = row.group[0], let start = Timestamp(day), let zone else { continue }
            let figures = row.figures
            let provider = row.group[3] ?? ""
            let model = row.group[4] ?? ""
            let cost = CSVCell.money(figures.cost)
            let images = CSVCell.integer(figures.images)
            let team = CSVCell.text(row.group[1])
            let name = CSVCell.text(provider)
            var tags = JSONText()
            tags.object { if let project = row.group[2] { $0.member("project", project) } }
            let values: [String: CSVCell] = [
                "BilledCost": cost, "EffectiveCost": cost, "ContractedCost": cost, "ListCost": cost,
                "BillingAccountId": name, "BillingAccountName": name, "BillingCurrency": .text("USD"),
                "BillingPeriodStart": .text(zone.startOfMonth(start).text(fractionDigits: 0)),
                "BillingPeriodEnd": .text(zone.nextMonth(start).text(fractionDigits: 0)),
                "ChargeCategory": .text("Usage"), "ChargeFrequency": .text("Usage-Based"),
                "ChargeDescription": .text(
                    "Image remixes with \(model) at \(provider.isEmpty ? "no provider" : provider)"
                ),
                "ChargePeriodStart": .text(start.text(fractionDigits: 0)),
                "ChargePeriodEnd": .text((start + .seconds(86_400)).text(fractionDigits: 0)),
                "ConsumedQuantity": images, "ConsumedUnit": .text("Images"), "PricingQuantity": images,
                "PricingUnit": .text("Images"), "PricingCategory": .text("Standard"), "InvoiceIssuerName": name,
                "ProviderName": name, "PublisherName": name, "ServiceCategory": .text("AI and Machine Learning"),
                "ServiceSubcategory": .text("Generative AI"), "ServiceName": .text("Image remix"),
                "SkuId": .text(model), "SubAccountId": team, "SubAccountName": team, "SubAccountType": .text("Team"),
                "Tags": .text(String(decoding: tags.bytes, as: UTF8.self)), "x_Calls": .integer(figures.calls),
                "x_EstimatedCost": .money(figures.estimated), "x_FailoverCost": .money(figures.failoverCost),
            ]
            writer.write(columns.map { values[$0] ?? .none })
        }
        return writer.text
    }
}
