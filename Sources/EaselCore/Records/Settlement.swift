package import EaselBase

/// A call's end: written in one transaction with its attempts' outcomes and its images (M5).
package final class Settlement: Sendable, CallKeyed, Charged {
    package let key: CallKey
    package let settledAt: Timestamp
    package let status: CallStatus
    /// Why it failed, as the caller was told; nil on success.
    package let errorCode: String?
    /// Who delivered; nil when nobody did.
    package let provider: String?
    package let imagesDelivered: Int
    /// Sum of the attempts (M6); nil as soon as one is not known.
    package let charge: Cost
    /// The part of the cost that no provider confirmed; nil when the cost is.
    package let estimated: Money?
    package let latency: Duration
    /// Whether another provider than the first had to be asked.
    package let failover: Bool
    /// What attempts cost that did not deliver.
    package let failoverCost: Money?
    package let attempts: [AttemptEnd]
    package let images: [ImageRecord]
    /// Nil: as it was written with the admission.
    package let translation: [TranslationEntry]?
    package let clientGone: Bool
    /// All attempts of the call, also those whose ends are on record already and not in `attempts`.
    package let attemptCount: Int
    /// Whether images of an earlier settlement of the call make room for these.
    package let replacesImages: Bool
    /// Whether recovery found it out, which knows less than the gateway that ran the call.
    package let recovered: Bool
    /// What the caller was told of a failure, in the voice that is safe for users.
    package let errorDetail: String?
    /// The answer as JSON, for a caller that may ask for it again where its images are not kept.
    package let answer: String?

    package init(
        key: CallKey,
        settledAt: Timestamp,
        status: CallStatus,
        errorCode: String?,
        provider: String?,
        imagesDelivered: Int,
        charge: Cost,
        estimated: Money?,
        latency: Duration,
        failover: Bool,
        failoverCost: Money?,
        attempts: [AttemptEnd],
        images: [ImageRecord],
        translation: [TranslationEntry]?,
        clientGone: Bool,
        attemptCount: Int? = nil,
        replacesImages: Bool = true,
        recovered: Bool = false,
        errorDetail: String? = nil,
        answer: String? = nil
    ) {
        self.key = key
        self.settledAt = settledAt
        self.status = status
        self.errorCode = errorCode
        self.provider = provider
        self.imagesDelivered = imagesDelivered
        self.charge = charge
        self.estimated = estimated
        self.latency = latency
        self.failover = failover
        self.failoverCost = failoverCost
        self.attempts = attempts
        self.images = images
        self.translation = translation
        self.clientGone = clientGone
        self.attemptCount = attemptCount ?? attempts.count
        self.replacesImages = replacesImages
        self.recovered = recovered
        self.errorDetail = errorDetail
        self.answer = answer
    }

    /// The same settlement with an answer to keep.
    package func with(answer: String) -> Settlement {
        Settlement(
            key: key,
            settledAt: settledAt,
            status: status,
            errorCode: errorCode,
            provider: provider,
            imagesDelivered: imagesDelivered,
            charge: charge,
            estimated: estimated,
            latency: latency,
            failover: failover,
            failoverCost: failoverCost,
            attempts: attempts,
            images: images,
            translation: translation,
            clientGone: clientGone,
            attemptCount: attemptCount,
            replacesImages: replacesImages,
            recovered: recovered,
            errorDetail: errorDetail,
            answer: answer
        )
    }

    /// Whether it failed before anything was sent to a provider, so that trying again repeats nothing.
    package var isUntried: Bool {
        status == .failed && attempts.count == attemptCount && !attempts.contains(where: \.sent)
    }

    /// Whether the cost of every attempt is known, so that nothing is left to find out.
    package var isComplete: Bool { attempts.allSatisfy { $0.cost != nil } }
}
