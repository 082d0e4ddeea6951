package import EaselBase

/// What a provider says it was used for and charged.
package enum ProviderUsage: Sendable, Hashable {
    case rows(ProviderUsageTable)
    /// It does not tell this account; the sentence says what would help.
    case unsupported(String)
    /// It could not be asked, or its answer not be understood; the sentence is safe for users (S2).
    case failed(String)
}

/// A provider's figures by day and, where it tells them apart, by model.
package struct ProviderUsageTable: Sendable, Hashable {
    package struct Row: Sendable, Hashable {
        package var day: CivilDay
        /// Nil: not told apart.
        package var model: String?
        package var requests: Int?
        package var images: Int?
        /// Nil: there is a figure that cannot be understood (M1).
        package var cost: Money?

        package init(day: CivilDay, model: String?, requests: Int? = nil, images: Int? = nil, cost: Money?) {
            self.day = day
            self.model = model
            self.requests = requests
            self.images = images
            self.cost = cost
        }
    }

    /// Several rows may be about one day and model; a day without a row was not charged for.
    package var rows: [Row]
    /// What the account was used for beside Easel.
    package var foreign: [ForeignUsage]
    /// What a reader should know, in sentences.
    package var remarks: [String]

    package init(rows: [Row], foreign: [ForeignUsage] = [], remarks: [String] = []) {
        self.rows = rows
        self.foreign = foreign
        self.remarks = remarks
    }
}

/// Usage of a provider's account that is not in the log, over the whole span.
package struct ForeignUsage: Sendable, Hashable, Codable {
    /// The provider's name of the model or product.
    package var name: String
    package var requests: Int?
    package var images: Int?
    /// Nil: not understood.
    package var cost: Money?

    package init(name: String, requests: Int? = nil, images: Int? = nil, cost: Money?) {
        self.name = name
        self.requests = requests
        self.images = images
        self.cost = cost
    }

    private enum CodingKeys: String, CodingKey {
        case name, requests, images
        case cost = "cost_usd"
    }

    /// One entry for each name, in the order of the names.
    package static func merged(_ entries: [ForeignUsage]) -> [ForeignUsage] {
        Dictionary(grouping: entries, by: \.name).map { name, part in
            ForeignUsage(
                name: name,
                requests: Self.sum(part.map(\.requests)),
                images: Self.sum(part.map(\.images)),
                cost: Money.sum(part.map(\.cost))
            )
        }
        .sorted { $0.name < $1.name }
    }

    /// Nil as soon as one is not known.
    static func sum(_ counts: [Int?]) -> Int? {
        counts.reduce(.some(0)) { sum, count in sum.flatMap { sum in count.map { sum + $0 } } }
    }
}

/// The names under which a provider bills what Easel asks of it.
package struct BillingNames: Sendable, Hashable {
    /// What Easel can ask for, by the name in the bill.
    package let billed: [String]
    /// From the log's name of a model to the name in the bill, where that is another one.
    private let groups: [String: String]
    /// Other spellings, in lower case.
    private let aliases: [String: String]

    package init(billed: [String] = [], groups: [String: String] = [:], aliases: [String: String] = [:]) {
        self.billed = billed
        self.groups = groups
        self.aliases = Dictionary(
            aliases.map { ($0.key.lowercased(), $0.value) } + billed.map { ($0.lowercased(), $0) }
                + groups.map { ($0.key.lowercased(), $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The name in the bill of a model of the log.
    package func billedName(of logModel: String) -> String { groups[logModel] ?? logModel }

    /// What a bill means by a name; nil when that is nothing that Easel asks for.
    package func meaning(of name: String) -> String? { aliases[name.lowercased()] }
}
