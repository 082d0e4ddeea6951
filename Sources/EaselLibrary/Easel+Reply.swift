import EaselBase
import EaselCalls
import EaselCore
public import Foundation

extension Easel {
    /// Images, who made them, and what they cost.
    public struct Reply: Sendable {
        /// The call in the ledger.
        public let callID: UUID
        /// Those that were made, in their order; fewer than asked for where some were lost or refused.
        public let images: [Image]
        /// By the name it has in the configuration; nil where none made an image.
        public let provider: String?
        /// Of all its attempts together.
        public let cost: Cost
        /// From the call's beginning to its last image.
        public let duration: Duration
        /// Every request that was sent, or was to be, in order.
        public let attempts: [Attempt]
        /// Parameters that the provider took another way, or not at all, each with a sentence.
        public let adjustments: [String]
        /// Whether the provider that delivered is not the one that was asked first.
        public let hasFailedOver: Bool

        init(_ ending: CallEnding) {
            let settlement = ending.settlement
            callID = settlement.callID
            images = zip(ending.legs.flatMap(\.images), settlement.images).map { Image($1, bytes: $0.bytes) }
            provider = settlement.provider
            cost = Cost(settlement.charge)
            duration = settlement.latency
            attempts = ending.ends.map { Attempt($0) }
            adjustments = ending.translation.compactMap { entry in
                guard entry.action != .mapped else { return nil }
                let note = entry.note.map { ": \($0)" } ?? ""
                return "\(entry.parameter) was \(entry.action.rawValue)\(note)"
            }
            hasFailedOver = settlement.failover
        }
    }

    /// One image as it was made.
    public struct Image: Sendable {
        /// Nil where the provider kept it back on content grounds.
        public let bytes: Data?
        /// `jpg`, `png` or `webp`.
        public let format: Remix.Format?
        /// In pixels.
        public let width: Int?
        /// In pixels.
        public let height: Int?
        /// What it was made from, where the provider says so: the same request with it gives a similar image.
        public let seed: Int?
        /// Whether the provider found it unsafe; nil where it did not look.
        public let isUnsafe: Bool?

        init(_ record: ImageRecord, bytes: [UInt8]?) {
            self.bytes = record.withheld ? nil : bytes.map { Data($0) }
            format = record.format.flatMap { Remix.Format(rawValue: $0.rawValue) }
            width = record.size?.width
            height = record.size?.height
            seed = record.seed
            isUnsafe = record.nsfw
        }
    }

    /// An amount, and who says so.
    public struct Cost: Sendable, Hashable, CustomStringConvertible {
        /// Who says so.
        public enum Basis: String, Sendable, CaseIterable {
            /// The provider said so.
            case provider
            /// From the price book: an estimate.
            case priceBook = "price_book"
            /// A part of it nobody can tell yet.
            case unknown
        }

        /// What is on record, to the nanodollar, in US dollars: with the basis `priceBook` an estimate, with `unknown` only the
        /// part that is known, or an upper bound of it. Nil: nothing is known, which is not zero.
        public let usd: Decimal?
        /// Who says so.
        public let basis: Basis

        init(_ cost: EaselCore.Cost) {
            usd = cost.amount?.decimal
            basis =
                switch cost.basis {
                case .provider: .provider
                case .priceBook: .priceBook
                case .unknown: .unknown
                }
        }

        /// `$0.06`, `$0.06 (not all known)`, or `unknown`.
        public var description: String {
            usd.map { "$\($0)" + (basis == .unknown ? " (not all known)" : "") } ?? "unknown"
        }
    }

    /// One request to a provider.
    public struct Attempt: Sendable {
        /// How it ended, in one word.
        public enum Outcome: String, Sendable, CaseIterable {
            case pending, succeeded, partial, refused, failed
            /// Sent, and its end is not known.
            case unknown
        }

        /// By the name it has in the configuration.
        public let provider: String
        /// How it ended.
        public let outcome: Outcome
        /// A short word: `ok`, `rate_limited`, `timeout`.
        public let reason: String
        /// Whether anything of it left this machine.
        public let wasSent: Bool
        /// Zero where nothing was sent.
        public let cost: Cost

        init(_ end: AttemptEnd) {
            provider = end.start.provider
            outcome =
                switch end.outcome {
                case .pending: .pending
                case .succeeded: .succeeded
                case .partial: .partial
                case .refused: .refused
                case .failed: .failed
                case .unknown: .unknown
                }
            reason = end.reason
            wasSent = end.sent
            cost = Cost(end.charge)
        }
    }
}

extension Money {
    /// Exact: a decimal holds every number of nanodollars.
    var decimal: Decimal { Decimal(nanodollars) / Decimal(Money.nanodollarsPerDollar) }

    /// A limit as a program wrote it; nil where it is negative or no number, or has more than nine decimals. `19.99` in a
    /// program goes through a `Double` on its way to a `Decimal`, and what that adds is taken off again.
    init?(limit: Decimal) {
        var (given, rounded) = (limit, Decimal())
        NSDecimalRound(&rounded, &given, 9, .plain)
        guard limit.isFinite,
            abs(limit - rounded) < Decimal(sign: .plus, exponent: -12, significand: 1) * max(1, limit),
            let money = Money(usd: "\(rounded)"), money >= .zero
        else { return nil }
        self = money
    }
}
