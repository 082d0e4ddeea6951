import EaselBase
package import EaselCore

/// One request of a round, from its row to its result.
package final class CallLeg: Sendable {
    package let start: AttemptStart
    let result: ProviderResult
    package let images: [ImageDelivery.Delivered]
    let endedAt: Timestamp
    /// Whether its side lost a race: its images are not used.
    let hasLost: Bool

    init(
        start: AttemptStart,
        result: ProviderResult,
        images: [ImageDelivery.Delivered] = [],
        endedAt: Timestamp,
        hasLost: Bool = false
    ) {
        self.start = start
        self.result = result
        self.images = images
        self.endedAt = endedAt
        self.hasLost = hasLost
    }

    /// Not ended yet: its cost is not known (M4).
    convenience init(stillRunning start: AttemptStart, now: Timestamp) {
        let failure = ProviderFailure(
            .timeout,
            code: AttemptEnd.hedgeLost,
            message: "Another provider answered first; this one is still at work."
        )
        self.init(start: start, result: ProviderResult(failure: failure), endedAt: now, hasLost: true)
    }

    var delivered: Int { images.count { !$0.isWithheld } }
    var withheld: Int { images.count(where: \.isWithheld) }

    /// Images that the provider made, even if they are not delivered.
    var made: Int { hasLost ? result.images.count { !$0.isWithheld } : delivered }

    var machineResult: AttemptMachine.RequestResult {
        AttemptMachine.RequestResult(delivered: delivered, withheld: withheld, failure: result.failure)
    }

    /// With its side of the race; the images of a losing side are dropped.
    func racing(_ race: RaceSide, hasLost: Bool) -> CallLeg {
        CallLeg(
            start: start.racing(race),
            result: result,
            images: hasLost ? [] : images,
            endedAt: endedAt,
            hasLost: hasLost
        )
    }
}
