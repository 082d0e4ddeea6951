import EaselBase
import EaselCore
import Foundation
import Testing

/// The comparison of the log's sums with a provider's rows.
struct ReconciliationTests {
    private let model = "ideogram:4@remix"
    private let six = Money(nanodollars: 60_000_000)

    private func day(_ text: String) throws -> CivilDay { try #require(CivilDay(text)) }

    private func attempt(
        _ time: String,
        model: String = "ideogram:4@remix",
        cost: Int64? = 60_000_000,
        basis: CostBasis = .provider,
        bound: Int64? = 60_000_000,
        seconds: Int64 = 5
    ) throws -> LoggedAttempt {
        let start = try #require(Timestamp(time))
        return LoggedAttempt(
            attemptID: UUIDv7.mint(at: start),
            callID: UUIDv7.mint(at: start),
            model: model,
            startedAt: start,
            endedAt: start + .seconds(seconds),
            images: 1,
            charge: Cost.Recorded(cost.map { Money(nanodollars: $0) }, cost == nil ? .unknown : basis),
            bound: bound.map { Money(nanodollars: $0) }
        )
    }

    private func compare(
        _ attempts: [LoggedAttempt],
        _ usage: [(day: String, model: String?, usd: String?)],
        from: String = "2026-11-20",
        to: String = "2026-11-21",
        names: BillingNames = BillingNames()
    ) throws -> ReconciliationComparison.Outcome {
        let span = ReconciliationSpan(provider: "runware", first: try day(from), last: try day(to))
        return ReconciliationComparison(
            span: span,
            names: names,
            sums: ReconciliationSum.sums(of: attempts.filter { span.contains($0.day) }),
            nearMidnight: attempts.filter { $0.neighbour != nil }
        )
        .compare(
            ProviderUsageTable(
                rows: try usage.map {
                    .init(day: try day($0.day), model: $0.model, cost: $0.usd.flatMap { Money(usd: $0) })
                }
            )
        )
    }

    @Test func `figures that agree to the nanodollar are equal, and nothing needs a reason`() throws {
        let attempts = try [attempt("2026-11-20T10:00:00Z"), attempt("2026-11-20T11:00:00Z")]
        let row = try #require(try compare(attempts, [("2026-11-20", model, "0.12")]).rows.first)
        #expect(row.status == .equal && row.difference == .zero && row.explanations.isEmpty)
        #expect(row.log.usd == "0.12" && row.logRequests == 2 && row.logImages == 2)
        let off = try #require(try compare(attempts, [("2026-11-20", model, "0.120000001")]).rows.first)
        #expect(off.status == .unexplained && off.unexplained?.nanodollars == 1)
    }

    @Test func `a provider that charges more than it said is not explained away`() throws {
        let attempts = try [attempt("2026-11-20T10:00:00Z"), attempt("2026-11-20T11:00:00Z", basis: .priceBook)]
        let row = try #require(try compare(attempts, [("2026-11-20", model, "0.2")]).rows.first)
        #expect(row.status == .unexplained)
        #expect(row.unexplained?.usd == "0.08", "an estimate stands at its bound already")
    }

    @Test func `an attempt of unknown cost explains no more than its bound`() throws {
        let attempts = try [attempt("2026-11-20T10:00:00Z"), attempt("2026-11-20T11:00:00Z", cost: nil)]
        for (usd, status) in [("0.06", "equal"), ("0.12", "explained"), ("0.11", "explained"), ("0.13", "unexplained")]
        {
            let row = try #require(try compare(attempts, [("2026-11-20", model, usd)]).rows.first)
            #expect(row.status.rawValue == status, "\(usd)")
        }
        let row = try #require(try compare(attempts, [("2026-11-20", model, "0.12")]).rows.first)
        #expect(row.explanations.map(\.kind) == [.unknown] && row.explanations.first?.highest?.usd == "0.06")
        let unpriced = try [attempt("2026-11-20T11:00:00Z", cost: nil, bound: nil)]
        #expect(try compare(unpriced, [("2026-11-20", model, "900")]).rows.first?.status == .explained)
    }

    @Test func `estimates and what was posted at its bound may have cost less, a failure may have cost`() throws {
        for (cost, basis, usd, kind) in [
            (60_000_000 as Int64, CostBasis.priceBook, "0.05", Doubt.estimated),
            (60_000_000, .unknown, "0", .postedAtBound), (0, .priceBook, "0.06", .assumedFree),
        ] {
            let attempts = try [attempt("2026-11-20T10:00:00Z", cost: cost, basis: basis)]
            let row = try #require(try compare(attempts, [("2026-11-20", model, usd)]).rows.first)
            #expect(row.status == .explained && row.explanations.map(\.kind) == [kind])
        }
    }

    @Test func `the likeliest reason is named alone when it is enough`() throws {
        let attempts = try [
            attempt("2026-11-20T10:00:00Z", cost: nil), attempt("2026-11-20T11:00:00Z", cost: 0, basis: .priceBook),
        ]
        let one = try #require(try compare(attempts, [("2026-11-20", model, "0.06")]).rows.first)
        #expect(one.explanations.map(\.kind) == [.unknown])
        let both = try #require(try compare(attempts, [("2026-11-20", model, "0.07")]).rows.first)
        #expect(both.explanations.map(\.kind) == [.unknown, .assumedFree])
    }

    @Test func `what runs over midnight may be counted for the next day, to the nanodollar`() throws {
        let attempts = try [
            attempt("2026-11-20T10:00:00Z"), attempt("2026-11-20T23:59:58Z", cost: 30_000_000),
            attempt("2026-11-20T23:57:00Z", cost: 40_000_000), attempt("2026-11-21T09:00:00Z"),
        ]
        let moved = try compare(attempts, [("2026-11-20", model, "0.1"), ("2026-11-21", model, "0.09")])
        #expect(moved.rows.map(\.status) == [.explained, .explained])
        #expect(moved.rows.map { $0.explanations.map(\.kind) } == [[.crossedMidnight], [.crossedMidnight]])
        #expect(moved.rows[0].explanations[0].attempts.map(\.attemptID) == [attempts[1].attemptID])
        let other = try compare(attempts, [("2026-11-20", model, "0.11"), ("2026-11-21", model, "0.08")])
        #expect(other.rows.map(\.status) == [.unexplained, .unexplained], "no attempt cost 0.02")
        let lost = try compare(attempts, [("2026-11-20", model, "0.1"), ("2026-11-21", model, "0.06")])
        #expect(lost.rows[1].status == .equal)
        #expect(lost.rows[0].status == .unexplained, "moved, it would have to be on the other day")
    }

    @Test func `attempts of the day before and after the span may be counted in it`() throws {
        let attempts = try [attempt("2026-11-19T23:59:59Z"), attempt("2026-11-21T23:59:59Z")]
        let outcome = try compare(attempts, [("2026-11-20", model, "0.06")])
        #expect(outcome.rows.map(\.status) == [.explained, .explained])
        #expect(outcome.rows.map { $0.difference?.usd } == ["0.06", "-0.06"])
    }

    @Test func `models are compared apart, and what the log does not know is foreign`() throws {
        let attempts = try [attempt("2026-11-20T10:00:00Z")]
        let outcome = try compare(
            attempts,
            [("2026-11-20", model, "0.06"), ("2026-11-20", "bfl:2@1", "0.5"), ("2026-11-21", "bfl:2@1", "0.25")]
        )
        #expect(outcome.rows.count == 1 && outcome.rows.first?.status == .equal)
        #expect(outcome.foreign == [ForeignUsage(name: "bfl:2@1", cost: Money(usd: "0.75"))])
        // A model that Easel asks for is not foreign, also when the log has nothing of it.
        let names = BillingNames(billed: [model, "ideogram:4@2"], aliases: ["ideogram-3.0": "ideogram:4@2"])
        let ours = try compare(
            attempts,
            [("2026-11-20", model, "0.06"), ("2026-11-20", "Ideogram-3.0", "0.06")],
            names: names
        )
        #expect(ours.rows.map(\.model) == [model, "ideogram:4@2"].sorted { $0 < $1 })
        #expect(ours.rows.first { $0.model == "ideogram:4@2" }?.status == .unexplained)
    }

    @Test func `figures that do not tell models apart are compared by day`() throws {
        let attempts = try [attempt("2026-11-20T10:00:00Z"), attempt("2026-11-20T10:00:00Z", model: "ideogram:4@2")]
        let total = try compare(attempts, [("2026-11-20", nil, "0.12")])
        #expect(total.rows.count == 1 && total.rows[0].status == .equal && total.rows[0].model == nil)
        #expect(total.rows[0].logModels == ["ideogram:4@2", "ideogram:4@remix"])
        let strange = try compare(attempts, [("2026-11-20", "Remix, default", "0.12")])
        #expect(strange.rows.map(\.status) == [.equal] && strange.foreign.isEmpty && strange.remarks.count == 1)
    }

    @Test func `models that are billed together are compared together`() throws {
        let names = BillingNames(billed: ["remix"], groups: ["remix/V_1": "remix", "remix/V_1_TURBO": "remix"])
        let attempts = try [
            attempt("2026-11-20T10:00:00Z", model: "remix/V_1"),
            attempt("2026-11-20T10:00:00Z", model: "remix/V_1_TURBO", cost: 20_000_000),
        ]
        let outcome = try compare(attempts, [("2026-11-20", "remix", "0.08")], names: names)
        #expect(outcome.rows.map(\.status) == [.equal] && outcome.rows.map(\.model) == ["remix"])
    }

    @Test func `a figure that cannot be read is not zero`() throws {
        let attempts = try [attempt("2026-11-20T10:00:00Z")]
        let row = try #require(try compare(attempts, [("2026-11-20", model, nil)]).rows.first)
        #expect(row.provider == nil && row.difference == nil && row.status == .unexplained)
    }

    @Test func `rows outside of the span are told`() throws {
        let outcome = try compare([], [("2026-11-19", model, "1"), ("2026-11-22", model, "1")])
        #expect(outcome.rows.isEmpty && outcome.remarks == ["2 rows lie outside of the days asked for."])
    }

    @Test func `a comparison's JSON is read back as it was`() throws {
        let attempts = try [attempt("2026-11-20T10:00:00Z", cost: nil), attempt("2026-11-20T11:00:00Z")]
        let outcome = try compare(attempts, [("2026-11-20", model, "0.1"), ("2026-11-20", "other", nil)])
        let now = try #require(Timestamp("2026-11-22T00:00:00.125Z"))
        let kept = Reconciliation(
            id: UUIDv7.mint(at: now),
            provider: "runware",
            from: try day("2026-11-20"),
            to: try day("2026-11-21"),
            source: "test",
            createdAt: now,
            rows: outcome.rows,
            foreign: outcome.foreign,
            remarks: ["so"]
        )
        let bytes = try JSON.encode(kept, sorted: true)
        #expect(try JSON.decode(Reconciliation.self, from: bytes) == kept)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(kept.id.text) && text.contains("\"difference_usd\":\"0.04\""))
    }
}
