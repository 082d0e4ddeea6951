import EaselBase

/// How long the last attempts of one kind took, from the log.
package struct RecentDurations: Sendable, Hashable {
    package let provider: String
    package let model: RemixModel
    package let speed: RenderingSpeed
    /// Oldest first, at most as many as a history holds.
    package let durations: [Duration]

    package init(provider: String, model: RemixModel, speed: RenderingSpeed, durations: [Duration]) {
        self.provider = provider
        self.model = model
        self.speed = speed
        self.durations = durations
    }

    /// One attempt of the log.
    package struct Sample: Sendable, Hashable {
        package let provider: String
        package let model: RemixModel
        package let speed: RenderingSpeed
        package let duration: Duration

        package init(provider: String, model: RemixModel, speed: RenderingSpeed, duration: Duration) {
            self.provider = provider
            self.model = model
            self.speed = speed
            self.duration = duration
        }
    }

    private struct Kind: Hashable {
        let provider: String
        let model: RemixModel
        let speed: RenderingSpeed
    }

    /// The last ones of each kind. `newestFirst` are attempts as the log lists them.
    package static func gathered(_ newestFirst: [Sample]) -> [RecentDurations] {
        var kinds: [Kind: [Duration]] = [:]
        var order: [Kind] = []
        for sample in newestFirst {
            let kind = Kind(provider: sample.provider, model: sample.model, speed: sample.speed)
            if kinds[kind] == nil { order.append(kind) }
            guard kinds[kind, default: []].count < DurationHistory.capacity else { continue }
            kinds[kind, default: []].append(sample.duration)
        }
        return order.map { kind in
            RecentDurations(
                provider: kind.provider,
                model: kind.model,
                speed: kind.speed,
                durations: (kinds[kind] ?? []).reversed()
            )
        }
    }
}
