/// Images flagged for copyright, of those that were checked.
enum CopyrightRateWatch: RateWatch {
    static let about = "too many of the checked images with a verdict are flagged"
    static let what = "the checked images"
    static let fault = "were flagged for copyright"

    static func ratio(_ figures: UsageFigures) -> Ratio { figures.copyrightRate }

    static func begin(_ rule: inout AlertRule) {
        rule.bound = 0.05
        rule.group = .team
        rule.resolveAfter = .seconds(300)
    }
}
