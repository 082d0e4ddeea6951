import EaselBase
import EaselCore
import EaselServer
import EaselTransport

/// The way from the bytes of a body to a draft: media type, limits, fields, and every fault at once.
struct RemixBody: Sendable {
    let maxBodyBytes: Int

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
}

extension StringProtocol {
    /// The text without spaces and tabs at its ends.
    func trimmingSpaces() -> String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
