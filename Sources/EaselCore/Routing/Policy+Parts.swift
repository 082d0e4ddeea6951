package import EaselBase

extension Policy {
    /// What a draw depends on, so that the same team, key, image or tag value is always answered by the same provider.
    package enum Sticky: Sendable, Hashable {
        case team, key, image
        /// The value of this tag; calls without it draw for themselves.
        case tag(String)

        /// `team`, `key`, `image`, `tag:NAME`; nil otherwise.
        package init?(_ text: String) {
            switch text {
            case "team": self = .team
            case "key": self = .key
            case "image": self = .image
            default:
                guard text.hasPrefix("tag:"), text.utf8.count > 4 else { return nil }
                self = .tag(String(text.dropFirst(4)))
            }
        }

        package var text: String {
            switch self {
            case .team: "team"
            case .key: "key"
            case .image: "image"
            case .tag(let name): "tag:\(name)"
            }
        }
    }

    /// A provider that goes first for a share of the calls; the policy's order applies to the others.
    package struct Canary: Sendable, Hashable {
        package var provider: String
        package var share: Share

        package init(provider: String, share: Share) {
            self.provider = provider
            self.share = share
        }
    }

    /// What a candidate should reach in the measures that the policy does not sort by. Unknown values count as above
    /// it.
    package struct Floor: Sendable, Hashable {
        /// The least share of attempts that succeeded lately.
        package var success: Share?
        /// The longest usual latency.
        package var latency: Duration?
        /// The highest price of an image.
        package var price: Money?

        package init(success: Share? = nil, latency: Duration? = nil, price: Money? = nil) {
            self.success = success
            self.latency = latency
            self.price = price
        }
    }

    /// A second provider is asked if the first has not answered after a while; the first answer wins, and both are
    /// paid.
    package struct Hedge: Sendable, Hashable {
        package enum After: Sendable, Hashable {
            /// The time that half of such attempts took at most.
            case p50
            /// The time that nineteen of twenty such attempts took at most.
            case p95
            case duration(Duration)

            package init?(_ text: String) {
                switch text {
                case "p50": self = .p50
                case "p95": self = .p95
                default:
                    guard let duration = DurationText.parse(text), duration > .zero else { return nil }
                    self = .duration(duration)
                }
            }

            package var text: String {
                switch self {
                case .p50: "p50"
                case .p95: "p95"
                case .duration(let duration): DurationText.format(duration)
                }
            }
        }

        package var after: After
        /// At most this share of the policy's calls is hedged.
        package var budget: Share

        package init(after: After, budget: Share) {
            self.after = after
            self.budget = budget
        }
    }

    /// A share of the calls is also sent to another provider. Never delays the call, and is kept separate in log,
    /// budget and reports.
    package struct Shadow: Sendable, Hashable {
        package var provider: String
        package var sample: Share
        /// For all shadow requests of the policy on one day (UTC), over all gateways.
        package var dailyBudget: Money

        package init(provider: String, sample: Share, dailyBudget: Money) {
            self.provider = provider
            self.sample = sample
            self.dailyBudget = dailyBudget
        }
    }
}
