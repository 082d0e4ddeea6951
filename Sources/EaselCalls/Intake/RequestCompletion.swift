import EaselBase
package import EaselCore

/// Turns a draft, from whichever door, into a checked `RemixRequest` with its policy; reports every fault at once.
package final class RequestCompletion: Sendable {
    let images: ImageIntake
    let policies: PolicyDesk

    init(images: ImageIntake, policies: PolicyDesk) {
        self.images = images
        self.policies = policies
    }

    /// The checked request and the policy it asks for. `known`: faults already found in the draft. `weight`: the
    /// request's share of the byte budget, which holds its images afterwards.
    ///
    /// - Throws: `invalidRequest` with every fault, `forbidden` if the key may not do what is asked, or `rateLimited`
    ///   and `unavailable` if the byte budget is used up.
    package func complete(
        _ draft: RemixDraft,
        known: [RequestFault] = [],
        account: Account,
        weight: HeldBytes.Share? = nil
    ) async throws(CallFailure) -> (RemixRequest, RoutingPolicy) {
        var faults = known
        switch ProjectRule.check(draft.project, of: account) {
        case .fine: break
        case .forbidden(let sentence): throw CallFailure(.forbidden, sentence)
        case .invalid(let sentence): faults.append(RequestFault(.project, sentence))
        }
        let policy = try policies.policy(of: draft, account: account, faults: &faults)
        let request = try await request(draft, known: faults, weight: weight)
        guard let policy else { throw .invalid(faults) }
        return (request, policy)
    }

    // MARK: - Images

    private struct Slot {
        let parameter: RemixParameter
        let standing: ImageIntake.Standing
    }

    /// Everything that needs no network is checked first, so that a bad request fetches nothing. Bytes to be fetched
    /// are taken from the byte budget first, and fetched ones stay in it.
    private func request(
        _ draft: RemixDraft,
        known: [RequestFault],
        weight: HeldBytes.Share?
    ) async throws(CallFailure) -> RemixRequest {
        var slots: [Slot] = []
        var faults = known
        for (parameter, inputs) in Self.inputs(of: draft) {
            // The number of references is checked below; here only those within bounds are read.
            for input in inputs.prefix(RemixValidation.styleReferenceLimit) {
                let standing = await images.inspect(input)
                if case .fault(let sentence) = standing { faults.append(RequestFault(parameter, sentence)) }
                slots.append(Slot(parameter: parameter, standing: standing))
            }
        }
        let checked: RemixValidation.Checked
        switch RemixValidation.check(draft, known: faults) {
        case .success(let value): checked = value
        case .failure(let error): throw .invalid(error.faults)
        }
        var ready: [(RemixParameter, SourceImage)] = []
        for slot in slots {
            var standing = slot.standing
            if case .link(let url) = standing {
                try weight?.add(images.fetchMaxBytes)
                standing = await images.fetch(url)
            }
            switch standing {
            case .ready(let image): ready.append((slot.parameter, image))
            case .fault(let sentence): faults.append(RequestFault(slot.parameter, sentence))
            case .link: break
            }
        }
        func all(_ parameter: RemixParameter) -> [SourceImage] { ready.filter { $0.0 == parameter }.map(\.1) }
        for parameter in [RemixParameter.styleReferenceImages, .characterReferenceImages, .characterReferenceMasks]
        where all(parameter).reduce(0, { $0 + $1.bytes.count }) > ImageIntake.groupLimit {
            let most = ByteSizeText.format(ImageIntake.groupLimit)
            faults.append(RequestFault(parameter, "may have \(most) together"))
        }
        guard faults.isEmpty, let image = all(.image).first else { throw .invalid(faults) }
        let request = checked.request(
            with: ResolvedImages(
                image: image,
                styleReferences: all(.styleReferenceImages),
                characterReferences: all(.characterReferenceImages),
                characterMasks: all(.characterReferenceMasks)
            )
        )
        try weight?.set(request.weight)
        return request
    }

    private static func inputs(of draft: RemixDraft) -> [(RemixParameter, [ImageInput])] {
        [
            (.image, draft.image.map { [$0] } ?? []),
            (.styleReferenceImages, draft.styleReferenceImages ?? []),
            (.characterReferenceImages, draft.characterReferenceImages ?? []),
            (.characterReferenceMasks, draft.characterReferenceMasks ?? []),
        ]
    }
}
