import EaselBase
import Foundation
import Testing
import TestTools

@testable import EaselCore
@testable import EaselReporting

/// What rules say of figures, and the forms in which it is sent.
struct AlertMessageTests {
    private static let now = Timestamp(microseconds: 1_795_674_600_000_000)  // 2026-11-26T06:30:00Z

    private static func usage(_ rows: [(String, [UsageField: Int])]) -> UsageReport {
        let rows = rows.map { name, counts in
            var figures = UsageFigures()
            for (field, count) in counts { figures[field] = count }
            return UsageReport.Row(group: [name], figures: figures)
        }
        let query = UsageQuery(from: now, to: now, timezone: "UTC", groupBy: [.team], teamID: nil)
        return UsageReport(
            query: query,
            rows: rows,
            totals: UsageFigures.sum(rows.map(\.figures)),
            dataQuality: DataQuality()
        )
    }

    private static func standing(_ spent: String, limit: String, hard: Bool = true) throws -> BudgetStanding {
        let amount = try #require(Money(usd: limit))
        let posted = try #require(Money(usd: spent))
        let budget = Budget(
            id: UUIDv7.mint(at: now),
            teamID: 1,
            scope: .team("design"),
            period: .month,
            limit: .money(amount),
            isHard: hard,
            warnAt: [50, 80],
            timezone: "Europe/Berlin"
        )
        return BudgetStanding(budget: budget, window: budget.window(at: now), posted: posted)
    }

    // MARK: - Rules

    @Test func `rates are judged by group, from enough on, and above the bound only`() {
        var rule = AlertRule("nsfw", .nsfwRate, to: [])
        rule.bound = 0.05
        rule.minimum = 20
        let report = Self.usage([
            ("few", [.nsfwImages: 5, .nsfwClear: 5]), ("at", [.nsfwImages: 5, .nsfwClear: 95]),
            ("above", [.nsfwImages: 6, .nsfwClear: 94]), ("none", [.calls: 7]),
        ])
        let findings = NSFWRateWatch.findings(rule, report)
        #expect(findings.filter { $0.level > 0 }.map(\.subject) == ["team:above"])
        let text =
            "6.0% of the checked images of team:above were not safe for work in the last 1h: 6 of 100, bound 5.0%."
        #expect(findings[2].summary == text)
        rule.group = nil
        #expect(NSFWRateWatch.findings(rule, report).map(\.subject) == ["all"])
    }

    @Test func `a rate is the one that reports show: unclear verdicts are in neither part`() throws {
        let rule = AlertRule("copyright", .copyrightRate, to: [])
        let report = Self.usage([
            ("design", [.copyrightChecked: 50, .copyrightFlagged: 10, .copyrightUndetermined: 10])
        ])
        let finding = try #require(CopyrightRateWatch.findings(rule, report).first)
        #expect(finding.summary.contains("10 of 40") && finding.value == "25.0%")
        #expect(ReportBuilder.safety(report).cells(of: "copyright_rate") == [.share(0.25)])
    }

    @Test func `a budget's level is the highest threshold that it passed`() throws {
        let rule = AlertRule("budgets", .budget, to: [])
        func level(_ spent: String) throws -> Int {
            BudgetWatch.findings(rule, [try Self.standing(spent, limit: "100")], now: Self.now)[0].level
        }
        #expect(try ["49.99", "50", "79.99", "80", "99.99", "100", "130"].map(level) == [0, 50, 50, 80, 80, 100, 100])
        var own = rule
        own.thresholds = [90]
        #expect(BudgetWatch.findings(own, [try Self.standing("85", limit: "100")], now: Self.now)[0].level == 0)
        let finding = BudgetWatch.findings(rule, [try Self.standing("83.5", limit: "100")], now: Self.now)[0]
        #expect(
            finding.summary == "The budget team:design (month) has used 84% of $100.00. $16.50 left until "
                + "2026-12-01 00:00 Europe/Berlin."
        )
    }

    @Test func `a forecast fires before the limit is reached and not after`() throws {
        let rule = AlertRule("forecast", .budgetForecast, to: [])
        func level(_ spent: String) throws -> Int {
            BudgetForecastWatch.findings(rule, [try Self.standing(spent, limit: "100")], now: Self.now)[0].level
        }
        // 25.3 of 30 days are gone.
        #expect(try ["80", "84", "86", "99", "100"].map(level) == [0, 0, 1, 1, 0])
    }

    @Test func `a provider that one gateway leaves alone is down, and one being tried is neither`() {
        func sign(_ state: ProviderState, _ cause: TripReason.Cause? = nil) -> GatewaySign {
            GatewaySign(providers: [.init(name: "runware", state: state, cause: cause, reason: "5 failures in a row")])
        }
        func levels(_ signs: [GatewaySign]) -> [String] {
            AlertSources.providers(signs).map { ProviderDownWatch.finding($0.name, $0.signs) }.map {
                $0.isUncertain ? "?" : "\($0.level)"
            }
        }
        #expect(levels([sign(.ok), sign(.down, .failures)]) == ["1"])
        #expect(levels([sign(.ok), sign(.slow)]) == ["0"])
        #expect(levels([sign(.probing, .failures)]) == ["?"])
        #expect(levels([sign(.coolingDown, .unauthorized)]) == ["1"])
        #expect(levels([sign(.coolingDown, .retryAfter)]) == ["?"])
        #expect(
            AlertSources.providers([sign(.coolingDown, .creditExhausted)]).map {
                CreditExhaustedWatch.finding($0.name, $0.signs)
            }.map(\.level) == [1]
        )
        #expect(
            AlertSources.providers([sign(.ok)]).map { CreditExhaustedWatch.finding($0.name, $0.signs) }.map(\.level)
                == [0]
        )
    }

    @Test func `a day is dear beside the same weekdays, by share and by amount`() throws {
        let rule = AlertRule("anomaly", .costAnomaly, to: [])
        func level(_ today: String, _ usual: [String]) throws -> Int? {
            let cost = try #require(Money(usd: today))
            let costs = usual.compactMap { Money(usd: $0) }
            return CostAnomalyWatch.finding(rule, subject: "team:design", day: "2026-11-26", today: cost, usual: costs)?
                .level
        }
        #expect(try level("41", ["20", "20", "0", "20"]) == 1)
        #expect(try level("39", ["20", "20", "20", "20"]) == 0, "not twice as dear")
        #expect(try level("5", ["1", "1", "1", "1"]) == 0, "a few dollars are no alarm")
        #expect(try level("500", ["20", "0", "0", "0"]) == nil, "one week tells nothing")
    }

    // MARK: - Forms

    private static func event() -> AlertEvent {
        let rule = AlertRule("errors", .errorRate, to: ["ops"])
        let finding = AlertFinding(
            subject: "team:Müller & <Söhne>",
            level: 1,
            severity: .critical,
            value: "12.0%",
            summary: "12.0% of the calls failed in the last 15m: 12 of 100, bound 10.0%.",
            details: ["part": 12, "whole": 100]
        )
        let state = AlertState(rule: "errors", finding: finding, since: now, updatedAt: now)
        let made = AlertMessage.event(
            AlertChange(kind: .fired, state: state, previousLevel: 0),
            rule: rule,
            isMuted: false,
            now: now
        )
        // A fixed id, so that the files of this test stay the same.
        return AlertEvent(
            id: UUID(uuidString: "0193F000-0000-7000-8000-000000000001") ?? made.id,
            type: made.type,
            at: made.at,
            rule: made.rule,
            subject: made.subject,
            severity: made.severity,
            title: made.title,
            text: made.text,
            data: made.data
        )
    }

    @Test func `the forms of an event are those of the golden files`() {
        let event = Self.event()
        Snapshot.expect(String(decoding: AlertMessage.webhook(event), as: UTF8.self), named: "alert-webhook.json")
        Snapshot.expect(String(decoding: AlertMessage.slack(event), as: UTF8.self), named: "alert-slack.json")
        let mail = AlertMessage.mail(event, from: "easel@example.com", to: ["a@example.com", "b@example.com"])
        Snapshot.expect(String(decoding: mail, as: UTF8.self).replacing("\r\n", with: "\n"), named: "alert-mail.txt")
    }

    @Test func `a name cannot begin a header of its own`() {
        let event = AlertEvent(
            id: UUID(),
            type: "alert.fired",
            at: Self.now,
            rule: "r",
            subject: "s",
            severity: .info,
            title: "one\r\nBcc: everybody@example.com",
            text: "t",
            data: [:]
        )
        let mail = String(decoding: AlertMessage.mail(event, from: "e@x", to: ["a@x"]), as: UTF8.self)
        #expect(!mail.contains("\r\nBcc:"))
        #expect(mail.contains("Subject: one  Bcc: everybody@example.com\r\n"))
    }

    @Test func `a signature is that of the specification`() {
        // Standard Webhooks, "Signature scheme": HMAC-SHA-256 over id.timestamp.body, base64, version v1. The expected one
        // was made by `openssl dgst -sha256 -mac HMAC`.
        let signer = WebhookSigner(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let body = Array(#"{"test": 2432232314}"#.utf8)
        let moment = Timestamp(microseconds: 1_614_265_330_000_000)
        let fields = signer.fields(id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: moment, body: body)
        #expect(fields.map(\.0) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(fields[1].1 == "1614265330")
        #expect(fields[2].1 == Self.expectedSignature)
        #expect(signer.isLongEnough)
        #expect(!WebhookSigner(secret: "short").isLongEnough)
    }

    private static let expectedSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
}
