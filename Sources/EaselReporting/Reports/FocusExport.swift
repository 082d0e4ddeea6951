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

    /// - Parameter report: of usage, by `groups`.
    package static func csv(_ report: Report) -> String {
        var writer = CSVWriter()
        writer.head(columns)
        let places = Dictionary(report.columns.indices.map { (report.columns[$0].key, $0) }) { first, _ in first }
        let zone = LocalTime("UTC")
        for row in report.rows {
            func figure(_ field: UsageField) -> CSVCell { places[field.figure.column.key].map { row[$0].csv } ?? .none }
            func group(_ dimension: UsageQuery.Dimension) -> String? {
                guard let place = places[dimension.name], case .name(let name) = row[place] else { return nil }
                return name
            }
            guard let day = group(.day), let start = Timestamp(day), let zone else { continue }
            let provider = group(.provider) ?? ""
            let model = group(.model) ?? ""
            let cost = figure(.cost)
            let images = figure(.images)
            let team = CSVCell.text(group(.team))
            let name = CSVCell.text(provider)
            var tags = JSONText()
            tags.object { if let project = group(.project) { $0.member("project", project) } }
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
                "Tags": .text(String(decoding: tags.bytes, as: UTF8.self)), "x_Calls": figure(.calls),
                "x_EstimatedCost": figure(.estimated), "x_FailoverCost": figure(.failoverCost),
            ]
            writer.write(columns.map { values[$0] ?? .none })
        }
        return writer.text
    }
}
