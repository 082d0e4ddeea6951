import EaselBase

extension Settlement {
    /// The same settlement with everything that came from outside fitted once more, for a database that refused it as it
    /// was: a call must come to its end, whatever a provider said of it.
    ///
    /// Figures that nobody would believe count at their bound (`CostBelief`), and the call's figures are those of its
    /// attempts again (M6).
    package func fitted(_ belief: CostBelief = .standard) -> Settlement {
        let ends = attempts.map { $0.fitted(belief) }
        let costs = Dictionary(
            ends.map { ($0.start.attemptID, (cost: $0.cost, images: max(1, $0.imagesReturned))) },
            uniquingKeysWith: { first, _ in first }
        )
        let isSame = zip(attempts, ends).allSatisfy { $0.cost == $1.cost }
        // With attempts that are on record already and are not here, the sum is the database's to make anew.
        let total = isSame ? cost : Self.sum(ends.map(\.cost))
        return Settlement(
            key: key,
            settledAt: settledAt,
            status: status,
            errorCode: errorCode.flatMap(ForeignText.code),
            provider: provider,
            imagesDelivered: min(max(imagesDelivered, 0), ForeignDoor.mostImages),
            charge: Cost(total, isSame ? costBasis : .unknown),
            estimated: isSame ? estimated : Self.sum(ends.filter { $0.costBasis != .provider }.map(\.cost)),
            latency: min(max(latency, .zero), .seconds(366 * 86_400)),
            failover: failover,
            failoverCost: isSame
                ? failoverCost
                : Money.sum(ends.filter { $0.outcome != .succeeded && $0.outcome != .partial }.map(\.cost)),
            attempts: ends,
            images: images.map { image in
                let end = costs[image.attemptID]
                return image.fitted(share: isSame ? image.cost : end?.cost.map { $0.divided(by: end?.images ?? 1) })
            },
            translation: translation,
            clientGone: clientGone,
            attemptCount: attemptCount,
            replacesImages: replacesImages,
            recovered: recovered,
            errorDetail: errorDetail.map { ForeignText.line($0, most: 4 * ForeignText.sentenceBytes) },
            answer: answer
        )
    }

    /// What is known; nil when nothing beyond zero is and something is not (never $0 by ignorance).
    private static func sum(_ costs: [Money?]) -> Money? {
        let total = costs.compactMap(\.self).reduce(.zero, +)
        return costs.contains(nil) && total == .zero ? nil : total
    }
}

extension AttemptEnd {
    /// The same with everything that came from outside fitted once more.
    package func fitted(_ belief: CostBelief = .standard) -> AttemptEnd {
        var fitted = ForeignDoor(secrets: []).keep(extra)
        var (known, basis) = (cost, costBasis)
        let most = belief.most(pricePerImage: start.pricePerImage, images: start.imagesAsked)
        if let cost, cost > most || cost < .zero {
            fitted[CostBelief.claimMark] = .string(cost.usd)
            (known, basis) = (start.bound, .unknown)
        }
        return AttemptEnd(
            start: start,
            outcome: outcome,
            reason: ForeignText.code(reason) ?? outcome.rawValue,
            errorCode: errorCode.map { ForeignText.code($0) ?? ForeignDoor.withheld },
            httpStatus: httpStatus.flatMap(ForeignDoor.status),
            sent: sent,
            charge: Cost(known, basis),
            timings: timings,
            endedAt: endedAt,
            imagesReturned: min(max(imagesReturned, 0), ForeignDoor.mostImages),
            providerTaskID: providerTaskID.map { ForeignText.line($0, most: ForeignText.nameBytes) },
            providerRequestID: providerRequestID.map { ForeignText.line($0, most: ForeignText.nameBytes) },
            extra: fitted
        )
    }
}

extension ImageRecord {
    func fitted(share: Money?) -> ImageRecord {
        ImageRecord(
            imageID: imageID,
            callID: callID,
            attemptID: attemptID,
            teamID: teamID,
            ordinal: ordinal,
            createdAt: createdAt,
            seed: seed,
            nsfw: nsfw,
            copyright: copyright,
            withheld: withheld,
            size: size,
            format: format,
            bytes: bytes,
            sha256: sha256,
            providerImageID: providerImageID.map { ForeignText.line($0, most: ForeignText.nameBytes) },
            artifact: artifact,
            cost: share
        )
    }
}

extension Money {
    fileprivate func divided(by count: Int) -> Money { Money(nanodollars: nanodollars / Int64(max(1, count))) }
}
