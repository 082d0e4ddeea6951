/// Images flagged as not safe for work, of those that were checked.
enum NSFWRateWatch: RateWatch {
    static let about = "too many of the checked images are not safe for work"
    static let what = "the checked images"
    static let fault = "were not safe for work"

    static func ratio(_ figures: UsageFigures) -> Ratio { figures.nsfwRate }

    static func begin(_ rule: inout AlertRule) {
        rule.bound = 0.1
        rule.group = .team
        rule.resolveAfter = .seconds(300)
    }
}
