import EaselBase
import EaselCore
import EaselProviders
import EaselTransport
import Foundation

/// What an answer says: pure.
enum PostcardReading {
    static func result(_ response: HTTPResponse) -> ProviderResult {
        var result = ProviderResult(httpStatus: response.status, timings: PhaseTimings(response.timings))
        guard response.status == 200 else {
            result.failure =
                ProviderVoice.isOwn(response, by: areOwn)
                ? refusal(response) : ProviderVoice.foreign(response, instead: "Postcard")
            return result
        }
        let members = (try? JSON.decodeForeign(JSONValue.self, from: response.body))?.objectValue
        guard let cards = members?["cards"]?.arrayValue else {
            result.failure = ProviderFailure(
                .garbled,
                code: "malformed_response",
                message: "The provider's answer could not be understood."
            )
            return result
        }
        result.providerRequestID = members?["id"]?.stringValue
        result.images = cards.compactMap(image)
        if result.images.isEmpty {
            result.failure = ProviderFailure(.empty, code: "no_images", message: "The provider delivered no image.")
        }
        return result
    }

    private static func image(_ card: JSONValue) -> ProviderImage? {
        guard let bytes = card["picture"]?.stringValue.flatMap({ Data(base64Encoded: $0) }) else { return nil }
        return ProviderImage(
            content: .bytes([UInt8](bytes)),
            seed: card["seed"]?.intValue,
            nsfw: card["safe"]?.boolValue.map { !$0 }
        )
    }

    private static func refusal(_ response: HTTPResponse) -> ProviderFailure {
        let kind: ProviderFailure.Kind =
            switch response.status {
            case 401, 403: .unauthorized
            case 402: .creditExhausted
            case 404: .modelUnavailable
            case 422: .refused
            case 429: .rateLimited
            case 400..<500: .invalidRequest
            default: .unavailable
            }
        return ProviderFailure(
            kind,
            code: "postcard_\(response.status)",
            message: "Postcard did not make it.",
            httpStatus: response.status,
            retryAfter: response.fields.retryAfter(atMost: .seconds(3600))
        )
    }

    /// `{"trouble": "..."}` and nothing beside.
    static func areOwn(_ members: [String: JSONValue], _ status: Int) -> Bool {
        members.count == 1 && members["trouble"]?.stringValue != nil
    }
}
