import EaselBase
import EaselCore
import EaselServer
import EaselTransport

/// The one door through which routes read bodies: bounded before and after unpacking.
enum RequestBody {
    /// The whole body, unpacked where its `Content-Encoding` says that it is packed.
    ///
    /// `limit` in bytes holds for what arrives and for what comes out of it, so that a small body cannot become a large
    /// one (413). A coding that is not understood is 415 before anything is read.
    static func read(_ request: ServerRequest, limit: Int) async throws(Problem) -> [UInt8] {
        let codings = ContentCoding.names(in: request.fields)
        if let name = ContentCoding.stranger(among: codings) {
            let shown = String(name.unicodeScalars.map { (0x21...0x7E).contains($0.value) ? Character($0) : "?" })
            let mend = "send \(ContentCoding.understood) or none"
            throw Problem(.unsupportedMediaType, "The body's Content-Encoding \(shown) is not understood; \(mend).")
        }
        if let length = request.body.declaredLength, length > limit {
            throw Problem(ServerRequestBody.BodyError.tooLarge(limit: limit))
        }
        let body: [UInt8]
        do {
            body = try await request.body.collect(limit: limit)
        } catch {
            throw Problem(error)
        }
        guard !codings.isEmpty, !body.isEmpty else { return body }
        do throws(ContentCoding.Fault) {
            // What comes out is bounded, and still more than an event loop has time for.
            return try await ThreadPoolExecutor.shared.run { () throws(ContentCoding.Fault) in
                try ContentCoding.unpack(body, codings, maxBytes: limit)
            }
        } catch {
            switch error {
            case .tooLarge(let limit):
                throw Problem(.tooLarge, "The body is larger than \(ByteSizeText.format(limit)) when it is unpacked.")
            case .damaged, .unknown:
                let fault = "does not match its Content-Encoding: it cannot be unpacked completely"
                throw .invalid([RequestFault("body", fault)])
            }
        }
    }
}
