/// Calls that failed, of all that ended.
enum ErrorRateWatch: RateWatch {
    static let about = "too many of the calls that ended have failed"
    static let what = "the calls"
    static let fault = "failed"

    static func ratio(_ figures: UsageFigures) -> Ratio { figures.failureRate }

    static func begin(_ rule: inout AlertRule) {
        rule.bound = 0.1
        rule.window = .seconds(900)
        rule.resolveAfter = .seconds(300)
    }
}
