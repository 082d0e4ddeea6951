extension AlertRule {
    /// What may be watched. A kind is a file beside this one, and a line in each of the two lists here.
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case budget
        case budgetForecast = "budget_forecast"
        case providerDown = "provider_down"
        case creditExhausted = "credit_exhausted"
        case errorRate = "error_rate"
        case nsfwRate = "nsfw_rate"
        case copyrightRate = "copyright_rate"
        case costAnomaly = "cost_anomaly"
        case dataGap = "data_gap"
        case overcharge

        package var watch: any AlertWatch.Type {
            switch self {
            case .budget: BudgetWatch.self
            case .budgetForecast: BudgetForecastWatch.self
            case .providerDown: ProviderDownWatch.self
            case .creditExhausted: CreditExhaustedWatch.self
            case .errorRate: ErrorRateWatch.self
            case .nsfwRate: NSFWRateWatch.self
            case .copyrightRate: CopyrightRateWatch.self
            case .costAnomaly: CostAnomalyWatch.self
            case .dataGap: DataGapWatch.self
            case .overcharge: OverchargeWatch.self
            }
        }
    }
}
