import EaselBase
import EaselCore
import EaselImaging
import Foundation

/// What a provider says about one attempt whose end is missing.
extension Resolver {
    /// An attempt with its end and the images that were downloaded.
    struct Resolved: Sendable {
        let end: AttemptEnd
        let images: [ImageDelivery.Delivered]

        /// Images that the caller gets.
        var delivered: Int { images.count { !$0.isWithheld } }
    }

    enum Finding: Sendable {
        case end(Resolved)
        /// The record stays as it is; nothing more can be found out.
        case asRecorded
        /// Not known yet. `pause`: how long the provider does not want to be asked.
        case open(pause: Duration)
    }

    /// How long a provider that says it has no such task may still be about to accept it: the request may have been on
    /// its way when the gateway stopped.
    static let takingOn = Duration.seconds(15)
    /// How long a task may continue beyond the time limit of an attempt while its provider says nothing about it.
    static let overtime = Duration.seconds(10)

    /// Asks about one attempt. `firstImage`: the number of its first image in the call.
    func find(_ attempt: OrphanedAttempt, _ call: OrphanedCall, firstImage: Int) async -> Finding {
        let start = attempt.start
        guard let provider = providers[start.provider] else { return interrupted(attempt) }
        let age = time.now.since(start.startedAt)
        let wait = questions.wait(of: start.provider)
        if wait > .zero, age <= unknownAfter { return .open(pause: wait) }
        let task = RecoverableTask(
            taskID: start.taskID,
            providerTaskID: attempt.providerTaskID,
            model: call.model,
            count: start.imagesAsked,
            copyrightDetection: call.copyrightDetection
        )
        let isOpen: Bool
        var pause = Duration.zero
        switch await provider.recover(task, timeout: Self.askTimeout) {
        case .ended(let result): return await found(attempt, result, call, firstImage: firstImage)
        case .running(_, working: true): isOpen = true
        // A provider may say nothing about a synchronous task until it has ended.
        case .running(_, working: false): isOpen = age <= provider.timeout + Self.overtime
        case .unknown(let asked):
            questions.note(asked, of: start.provider)
            pause = asked?.duration ?? .zero
            isOpen = true
        case .absent: isOpen = age <= Self.takingOn
        case .untraceable: isOpen = false
        }
        return isOpen && age <= unknownAfter ? .open(pause: pause) : interrupted(attempt)
    }

    /// The end of an attempt whose outcome cannot be known: unknown, and after its time posted at its bound. The reason
    /// stays as its call saw it.
    func interrupted(_ attempt: OrphanedAttempt) -> Finding {
        // Its cost is recorded; only its images are lost.
        guard attempt.outcome == .pending || attempt.outcome == .unknown else { return .asRecorded }
        let start = attempt.start
        let isLate = time.now.since(start.startedAt) > unknownAfter
        let end = AttemptEnd(
            start: start,
            outcome: .unknown,
            reason: attempt.reason ?? AttemptEnd.interrupted,
            errorCode: isLate ? AttemptEnd.postedAtBound : attempt.errorCode ?? AttemptEnd.interrupted,
            httpStatus: nil,
            sent: true,
            charge: Cost(isLate ? start.bound : attempt.cost, .unknown),
            timings: PhaseTimings(),
            endedAt: time.now,
            imagesReturned: 0,
            providerTaskID: attempt.providerTaskID,
            providerRequestID: nil,
            extra: [:]
        )
        return .end(Resolved(end: end, images: []))
    }

    private func found(
        _ attempt: OrphanedAttempt,
        _ result: ProviderResult,
        _ call: OrphanedCall,
        firstImage: Int
    ) async -> Finding {
        if attempt.brokeOff, call.status != .inProgress { return costOnly(attempt, result) }
        let start = attempt.start
        var fetched: [ImageDelivery.Delivered] = []
        var isLost = false
        // Never more than the call asked for: two attempts for the same images may both have made them. And none for a
        // call whose caller already has a final answer.
        let isWanted = call.status == .inProgress || call.status == .failed
        let room = isWanted ? max(0, call.imagesRequested + 1 - firstImage) : 0
        let images = result.images.prefix(start.imagesAsked)
        for image in images.prefix(room) {
            let delivered = await delivery.deliver(
                image,
                attemptID: start.attemptID,
                callID: call.callID,
                ordinal: firstImage + fetched.count,
                output: OutputOptions(format: Self.keptFormat(image)),
                trustedOrigin: origins[start.provider],
                timeout: Self.askTimeout
            )
            if let delivered { fetched.append(delivered) } else { isLost = true }
        }
        var told = result
        // The question's own timings: nobody saw how long the attempt took.
        told.timings = PhaseTimings()
        if isLost, told.failure == nil {
            told.failure = ProviderFailure(
                .resultLost,
                code: "result_lost",
                message: "The provider delivered, but the image could not be downloaded or read."
            )
        }
        let surplus = images.dropFirst(room).count { !$0.isWithheld }
        let end = Accounting.end(
            of: start,
            told,
            delivered: fetched.count { !$0.isWithheld } + surplus,
            endedAt: time.now,
            belief: belief
        )
        return .end(Resolved(end: end, images: fetched))
    }

    /// The caller has the images that came, and their files stay as they are; only the total cost is corrected.
    private func costOnly(_ attempt: OrphanedAttempt, _ result: ProviderResult) -> Finding {
        guard result.cost != nil else { return .asRecorded }
        let end = AttemptEnd(
            start: attempt.start,
            outcome: .partial,
            reason: "broke_off",
            errorCode: nil,
            httpStatus: result.httpStatus,
            sent: true,
            charge: Accounting.charge(of: attempt.start, result, belief),
            timings: PhaseTimings(),
            endedAt: time.now,
            imagesReturned: result.images.count,
            providerTaskID: attempt.providerTaskID,
            providerRequestID: result.providerRequestID,
            extra: result.extra
        )
        return .end(Resolved(end: end, images: []))
    }

    /// No caller waits for a particular format any more: an image is kept as it is.
    private static func keptFormat(_ image: ProviderImage) -> ImageFormat {
        guard case .link(let url) = image.content else { return .jpg }
        let path = url.prefix { $0 != "?" }.lowercased()
        return path.hasSuffix(".png") ? .png : path.hasSuffix(".webp") ? .webp : .jpg
    }
}
