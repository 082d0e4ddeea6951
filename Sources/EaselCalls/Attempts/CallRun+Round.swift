import EaselBase
import EaselCore
import EaselProviders
import EaselTracing
import Foundation

/// One round: the exchanges, the search for an answer that is missing, and the images.
extension CallRun {
    /// Sends the requests of one round. `race`: another provider is asked at the same time.
    func send(
        _ rows: [AttemptStart],
        to provider: String,
        _ permit: ProviderHealth.Permit,
        firstImage: Int,
        race: RaceBoard? = nil
    ) async -> [CallLeg] {
        var firsts: [Int] = []
        var next = firstImage
        for row in rows {
            firsts.append(next)
            next += row.imagesAsked
        }
        // One request needs no group.
        if rows.count == 1 {
            return [await exchange(rows[0], at: provider, permit, firstImage: firsts[0], race)]
        }
        return await withTaskGroup(of: (Int, CallLeg).self) { group in
            for (index, row) in rows.enumerated() {
                let first = firsts[index]
                group.addTask {
                    (index, await self.exchange(row, at: provider, permit, firstImage: first, race))
                }
            }
            var answers: [(Int, CallLeg)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func task(_ row: AttemptStart, _ provider: any Provider) -> ProviderTask {
        ProviderTask(
            attemptID: row.attemptID,
            taskID: row.taskID,
            request: context.request,
            count: row.imagesAsked,
            timeout: max(.milliseconds(50), min(provider.timeout, context.plan.deadline - elapsed))
        )
    }

    private func exchange(
        _ row: AttemptStart,
        at name: String,
        _ permit: ProviderHealth.Permit,
        firstImage: Int,
        _ race: RaceBoard?
    ) async -> CallLeg {
        guard let provider = tools.providers[name], let gate = tools.gates[name] else {
            preconditionFailure("the plan names a provider that is not configured")
        }
        let watch = AttemptWatch(row, context, tools, origin: tools.origins[name])
        let result = await tools.runner.run(
            task(row, provider),
            start: row,
            at: provider,
            gate: gate,
            permit: permit,
            watch: watch
        ) {
            if race?.isDecided == true { return .afterAnswer }
            return self.refused.withLock(\.self) && self.context.plan.onRefusal == .stop ? .afterRefusal : nil
        }
        if result.failure?.kind == .refused { refused.withLock { $0 = true } }
        // Too late to be delivered: its images are not downloaded.
        if race?.isDecided == true { return CallLeg(start: row, result: result, endedAt: tools.time.now) }
        return await leg(row, result, firstImage: firstImage)
    }

    func recover(_ leg: CallLeg, _ permit: ProviderHealth.Permit, firstImage: Int) async -> CallLeg? {
        guard let provider = tools.providers[leg.start.provider] else { return nil }
        let left = context.plan.deadline - elapsed
        let began = SteadyInstant.now
        guard
            let result = await tools.runner.recover(
                task(leg.start, provider),
                start: leg.start,
                after: leg.result,
                at: provider,
                permit: permit,
                timeLeft: left,
                isOnly: context.plan.onUnknown == .recover
            )
        else {
            searched(leg, from: began, error: "not_found")
            return nil
        }
        searched(leg, from: began, error: result.failure?.kind.rawValue)
        return await self.leg(leg.start, result, firstImage: firstImage)
    }

    private func searched(_ leg: CallLeg, from began: SteadyInstant, error: String?) {
        context.trace?.add(
            "recovery",
            from: began,
            [
                Span.Attribute("easel.attempt.id", leg.start.attemptID.text),
                Span.Attribute("easel.provider", leg.start.provider),
            ],
            error: error
        )
    }

    /// A result with its images downloaded. Withheld ones keep their place in the numbering.
    func leg(_ row: AttemptStart, _ result: ProviderResult, firstImage: Int) async -> CallLeg {
        let endedAt = tools.time.now
        var images: [ImageDelivery.Delivered] = []
        var isLost = false
        let began = SteadyInstant.now
        // Never more than requested: extra images from a provider do not become extra rows.
        for (index, image) in result.images.prefix(row.imagesAsked).enumerated() {
            let delivered = await tools.delivery.deliver(
                image,
                attemptID: row.attemptID,
                callID: context.callID,
                ordinal: firstImage + index,
                output: context.request.output,
                trustedOrigin: tools.origins[row.provider],
                timeout: max(.seconds(5), context.plan.deadline - elapsed)
            )
            if let delivered { images.append(delivered) } else { isLost = true }
        }
        if !result.images.isEmpty {
            context.trace?.add(
                "delivery",
                from: began,
                [
                    Span.Attribute("easel.attempt.id", row.attemptID.text),
                    Span.Attribute("easel.images", images.count),
                ],
                error: isLost ? "result_lost" : nil
            )
        }
        guard isLost, result.failure == nil else {
            return CallLeg(start: row, result: result, images: images, endedAt: endedAt)
        }
        // Paid but lost: asking again may pay twice, so the policy decides (R4).
        var told = result
        told.failure = ProviderFailure(
            .resultLost,
            code: "result_lost",
            message: "The provider delivered, but the image could not be downloaded or read."
        )
        return CallLeg(start: row, result: told, images: images, endedAt: endedAt)
    }
}
