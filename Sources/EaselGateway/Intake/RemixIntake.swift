import EaselBase
import EaselCore
import EaselTransport

/// The way from the bytes of a body to a `RemixRequest`: media type, limits, fields, pictures, and every fault at once.
final class RemixIntake: Sendable {
    let images: ImageIntake
    let maxBodyBytes: Int

    init(
        images: ImageIntake,
        maxBodyBytes: Int
    ) {
        self.images = images
        self.maxBodyBytes = maxBodyBytes
    }

    func draft(of request: ServerRequest) async throws(Problem) -> (RemixDraft, [RequestFault]) {
        let contentType = request.fields["Content-Type"] ?? ""
        let mediaType = contentType.prefix { $0 != ";" }.trimmingSpaces().lowercased()
        guard mediaType == "application/json" || mediaType == "multipart/form-data" else {
            throw Problem(.unsupportedMediaType, "Send application/json or multipart/form-data.")
        }
        let body = try await RequestBody.read(request, limit: maxBodyBytes)
        let parse: @Sendable () -> Result<(RemixDraft, [RequestFault]), Problem> = {
            mediaType == "application/json" ? Self.fromJSON(body) : Self.fromForm(body, contentType: contentType)
        }
        // A small document is quicker read than handed over.
        let parsed = body.count <= BodyFields.inlineLimit ? parse() : await ThreadPoolExecutor.shared.run(parse)
        return try parsed.get()
    }

    private static func fromJSON(_ body: [UInt8]) -> Result<(RemixDraft, [RequestFault]), Problem> {
        do throws(JSONFault) {
            let read = try JSONDraft(body)
            return .success((read.draft, read.faults))
        } catch {
            let why = error == .malformed(at: 0) ? "is not valid JSON, or something else" : error.sentence
            return .failure(.invalid([RequestFault("body", "must be a JSON object; it \(why)")]))
        }
    }

    private static func fromForm(
        _ body: [UInt8],
        contentType: String
    ) -> Result<(RemixDraft, [RequestFault]), Problem> {
        do throws(MultipartParser.Fault) {
            guard let boundary = MultipartParser.boundary(of: contentType) else { throw .noBoundary }
            let read = MultipartDraft(try MultipartParser.parse(body, boundary: boundary))
            return .success((read.draft, read.faults))
        } catch {
            return .failure(.invalid([RequestFault("body", error.sentence)]))
        }
    }

    // MARK: - Pictures

    private struct Slot {
        let parameter: RemixParameter
        let standing: ImageIntake.Standing
    }

    /// Everything that needs no network is checked first, so that a bad request fetches nothing.
    /// What is to be fetched is taken from the budget of bytes first, and what was fetched stays in it.
    func complete(
        _ draft: RemixDraft,
        known: [RequestFault],
        weight: HeldBytes.Share? = nil
    ) async throws(Problem) -> RemixRequest {
        var slots: [Slot] = []
        var faults = known
        for (parameter, inputs) in Self.inputs(of: draft) {
            // The count of references is checked below; here only what can be in bounds is looked at.
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

extension StringProtocol {
    /// The text without spaces and tabs at its ends.
    func trimmingSpaces() -> String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
