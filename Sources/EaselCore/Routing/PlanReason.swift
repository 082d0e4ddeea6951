package import EaselBase

extension Plan {
    /// Why a candidate is where it is in the plan. Kept as values: a plan is made for every call, but its text is
    /// rarely read.
    package struct Reason: Sendable, Hashable {
        /// What put it in the policy's order.
        package enum Place: Sendable, Hashable {
            /// Its place in a list, from 1.
            case listed(Int)
            case drawn(weight: Int, of: Int, Policy.Sticky?)
            case standsBy(weight: Int, of: Int)
            case price(Money?)
            case latency(Duration?)
            case success(Share?)
            case load(percent: Int)
            case canary(Share)
        }

        /// What it falls short of in the policy's floor.
        package enum Shortfall: Sendable, Hashable {
            case success(Share, floor: Share)
            case latency(Duration, floor: Duration)
            case price(Money, floor: Money)
        }

        package var place: Place
        /// The share of calls that are explored, where this call is one of them.
        package var explored: Share?
        /// Parameters that it drops, where others honour all.
        package var drops: [String] = []
        /// Why it limps, where others do not.
        package var demoted: String?
        package var shortfall: Shortfall?
        package var isProbe = false

        init(_ place: Place) { self.place = place }

        package var text: String {
            var text = explored.map { "explored for \($0.text) of the calls; \(place.text)" } ?? place.text
            func lower(_ why: String) { text += "; ranked lower because \(why)" }
            if !drops.isEmpty { lower("it drops \(drops.joined(separator: ", "))") }
            if let demoted { lower(demoted) }
            if let shortfall { lower(shortfall.text) }
            if isProbe { text += "; this request finds out whether it works again" }
            return text
        }
    }
}

extension Plan.Reason.Place {
    fileprivate var text: String {
        switch self {
        case .listed(let number): "number \(number) of the policy's order"
        case .drawn(let weight, let total, let sticky):
            "chosen by its weight, \(weight) of \(total)\(sticky.map { ", the same for each \($0.text)" } ?? "")"
        case .standsBy(let weight, let total): "a fallback with weight \(weight) of \(total)"
        case .price(let price): price.map { "costs $\($0.usd) an image" } ?? "has no price"
        case .latency(let usual): usual.map { "usually takes \($0.milliseconds) ms" } ?? "not measured yet"
        case .success(let share): share.map { "\($0.text) of its attempts succeeded" } ?? "not measured yet"
        case .load(let percent): "\(percent)% of its slots are in use"
        case .canary(let share): "canary for \(share.text) of the calls"
        }
    }
}

extension Plan.Reason.Shortfall {
    fileprivate var text: String {
        switch self {
        case .success(let share, let floor): "only \(share.text) of its attempts succeeded, less than \(floor.text)"
        case .latency(let usual, let floor):
            "it usually takes \(usual.milliseconds) ms, longer than \(floor.milliseconds) ms"
        case .price(let price, let floor): "it costs $\(price.usd) an image, more than $\(floor.usd)"
        }
    }
}
