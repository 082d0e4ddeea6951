package import EaselBase
package import Foundation

/// A comparison of the log with a provider's figures, day by day and model by model, as it is kept and answered.
///
/// Its JSON is the same in the HTTP interface and in the ledger: names in snake_case, money as decimal strings in USD.
package struct Reconciliation: Sendable, Hashable, Codable {
    /// Where the provider's figures came from when they were asked for.
    package static let usageSource = "provider usage"

    /// Version 7.
    @TextUUID package var id: UUID
    package var provider: String
    /// The first day (UTC).
    package var from: CivilDay
    /// The last day, included.
    package var to: CivilDay
    /// `provider usage`, or what the caller named the figures that it sent.
    package var source: String
    package var createdAt: Timestamp
    package var totals: Totals
    package var rows: [ReconciliationRow]
    package var foreign: [ForeignUsage]
    package var remarks: [String]

    package init(
        id: UUID,
        provider: String,
        from: CivilDay,
        to: CivilDay,
        source: String,
        createdAt: Timestamp,
        rows: [ReconciliationRow],
        foreign: [ForeignUsage],
        remarks: [String]
    ) {
        _id = TextUUID(wrappedValue: id)
        self.provider = provider
        self.from = from
        self.to = to
        self.source = source
        self.createdAt = createdAt
        totals = Totals(rows)
        self.rows = rows
        self.foreign = foreign
        self.remarks = remarks
    }

    private enum CodingKeys: String, CodingKey {
        case id, provider, from, to, source, totals, rows, foreign, remarks
        case createdAt = "created_at"
    }

    /// The sums over all rows.
    package struct Totals: Sendable, Hashable, Codable {
        package var log: Money
        package var estimated: Money
        /// Nil when a row's figure of the provider is not known (M1).
        package var provider: Money?
        package var equal: Int
        package var explained: Int
        package var unexplained: Int

        package init(_ rows: [ReconciliationRow]) {
            log = rows.reduce(.zero) { $0 + $1.log }
            estimated = rows.reduce(.zero) { $0 + $1.estimated }
            provider = Money.sum(rows.map(\.provider))
            equal = rows.count { $0.status == .equal }
            explained = rows.count { $0.status == .explained }
            unexplained = rows.count { $0.status == .unexplained }
        }

        package init(log: Money, estimated: Money, provider: Money?, equal: Int, explained: Int, unexplained: Int) {
            self.log = log
            self.estimated = estimated
            self.provider = provider
            self.equal = equal
            self.explained = explained
            self.unexplained = unexplained
        }

        private enum CodingKeys: String, CodingKey {
            case log = "log_usd"
            case estimated = "estimated_usd"
            case provider = "provider_usd"
            case equal, explained, unexplained
        }
    }
}

/// What a list of comparisons shows of one.
package struct ReconciliationHead: Sendable, Hashable, Codable {
    @TextUUID package var id: UUID
    package var provider: String
    package var from: CivilDay
    /// The last day, included.
    package var to: CivilDay
    package var source: String
    package var createdAt: Timestamp
    package var totals: Reconciliation.Totals

    package init(_ reconciliation: Reconciliation) {
        self.init(
            id: reconciliation.id,
            provider: reconciliation.provider,
            from: reconciliation.from,
            to: reconciliation.to,
            source: reconciliation.source,
            createdAt: reconciliation.createdAt,
            totals: reconciliation.totals
        )
    }

    package init(
        id: UUID,
        provider: String,
        from: CivilDay,
        to: CivilDay,
        source: String,
        createdAt: Timestamp,
        totals: Reconciliation.Totals
    ) {
        _id = TextUUID(wrappedValue: id)
        self.provider = provider
        self.from = from
        self.to = to
        self.source = source
        self.createdAt = createdAt
        self.totals = totals
    }

    private enum CodingKeys: String, CodingKey {
        case id, provider, from, to, source, totals
        case createdAt = "created_at"
    }
}

/// A UUID that JSON spells in lower case, as everywhere else.
@propertyWrapper
package struct TextUUID: Sendable, Hashable, Codable {
    package var wrappedValue: UUID

    package init(wrappedValue: UUID) {
        self.wrappedValue = wrappedValue
    }

    package init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode(UUID.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue.text)
    }
}
