import EaselBase
package import EaselCore
import EaselTransport
import Foundation

/// Reads Ideogram's answers: pure, from bytes to results.
package enum IdeogramReading {
    struct Question {
        let model: RemixModel
        let count: Int
        let copyrightDetection: Bool
        /// Texts that must not come back in a message.
        let secrets: [String]
    }

    /// The answer to a remix request.
    static func submission(_ response: HTTPResponse, _ question: Question, delivery: DeliveryMethod) -> Exchange {
        var result = base(response)
        let reply = try? JSON.decode(IdeogramReply.self, from: response.body)
        guard (200..<300).contains(response.status), let reply else {
            result.failure = failure(response, reply, question)
            return .ended(result)
        }
        if let late = reply.statusCode, late >= 400, reply.errorText != nil {
            // A streamed answer that failed after it had begun (ideogram.md 1, "Streaming quirk").
            result.failure = failure(response, reply, question, status: late)
            return .ended(result)
        }
        result.providerTaskID = reply.generationID
        if reply.data == nil, delivery == .async, reply.generationID != nil { return .accepted(result) }
        read(reply, into: &result, question)
        return .ended(result)
    }

    /// The answer to `GET /v1/generations/{id}`.
    static func standing(_ response: HTTPResponse, _ question: Question) -> Recovery {
        guard (200..<300).contains(response.status),
            let reply = try? JSON.decode(IdeogramReply.self, from: response.body)
        else { return .unknown }
        var result = base(response)
        result.providerTaskID = reply.generationID
        switch reply.status {
        case "completed":
            read(reply, into: &result, question)
            return .ended(result)
        case "failed":
            // All pictures unsafe: the generation ended without one (ideogram.md 4, both shapes exist).
            let reason = reply.failureReason ?? "failed"
            let refused = reason.contains("content_policy") || reason.contains("safety") || reason.contains("copyright")
            result.failure = ProviderFailure(
                refused ? .refused : .failed,
                code: String(reason.prefix(80)),
                message: refused
                    ? "Ideogram withheld the result on content grounds."
                    : "Ideogram reported that the generation failed.",
                httpStatus: response.status
            )
            return .ended(result)
        default:
            return .running(result, working: reply.status == "pending")
        }
    }

    // MARK: - Parts

    private static func base(_ response: HTTPResponse) -> ProviderResult {
        ProviderResult(
            httpStatus: response.status,
            timings: PhaseTimings(response.timings),
            providerRequestID: response.fields["x-request-id"].map { String($0.prefix(200)) }
        )
    }

    private static func read(_ reply: IdeogramReply, into result: inout ProviderResult, _ question: Question) {
        let images = reply.data ?? []
        result.images = images.map { image($0, question) }
        for image in images { result.extra.merge(image.extra) { old, _ in old } }
        if let micros = reply.costMicros { result.cost = Money(providerUSD: micros / 1_000_000) }
        if let id = reply.requestID, result.providerRequestID == nil {
            result.providerRequestID = String(id.prefix(200))
        }
        if images.isEmpty {
            result.failure = ProviderFailure(
                .empty,
                code: "no_images",
                message: "Ideogram reported success without a picture.",
                httpStatus: result.httpStatus
            )
        }
    }

    private static func image(_ image: IdeogramImage, _ question: Question) -> ProviderImage {
        let url = image.url.flatMap { $0.isEmpty ? nil : $0 }
        let isSafe = image.isImageSafe
        // Copyright detection exists for 4.0 only; a hit looks like an unsafe picture, so a missing one cannot be told
        // apart and a delivered one is clear (ideogram.md 4).
        let copyright: CopyrightVerdict =
            if !question.copyrightDetection {
                .notRequested
            } else if question.model == .ideogram4, url != nil, isSafe != false {
                .clear
            } else {
                .undetermined
            }
        return ProviderImage(
            content: url.map { .link($0) } ?? .withheld,
            seed: image.seed,
            nsfw: isSafe.map { !$0 },
            copyright: copyright
        )
    }

    // MARK: - Errors (ideogram.md 5)

    private static func failure(
        _ response: HTTPResponse,
        _ reply: IdeogramReply?,
        _ question: Question,
        status: Int? = nil
    ) -> ProviderFailure {
        let status = status ?? response.status
        guard !(200..<300).contains(status) else {
            return ProviderFailure(
                .garbled,
                code: "garbled_response",
                message: "Ideogram's answer is not the JSON that its documents describe.",
                httpStatus: status
            )
        }
        let kind = kind(httpStatus: status, rejectReason: reply?.rejectReason)
        let code = (reply?.rejectReason).map { String($0.prefix(80)) } ?? "http_\(status)"
        return ProviderFailure(
            kind,
            code: code,
            message: SafeMessage.clean(
                reply?.errorText,
                secrets: question.secrets,
                fallback: "Ideogram answered with status \(status)."
            ),
            httpStatus: status,
            // 502 is no status of Ideogram's documents: it is a proxy's word, and the request may have been executed.
            billing: status == 502 ? .unknown : nil,
            retryAfter: response.fields.retryAfter
        )
    }

    package static func kind(httpStatus: Int, rejectReason: String?) -> ProviderFailure.Kind {
        switch rejectReason {
        case "inflight_limit"?: return .rateLimited
        case "insufficient_funds"?, "subscription_required"?, "daily_limit"?, "priority_credit_required"?:
            return .creditExhausted
        case "feature_limit"?: return .unauthorized
        default: break
        }
        switch httpStatus {
        // A paused key, which is what an empty account gets, answers like a bad one (ideogram.md 1).
        case 401, 403: return .unauthorized
        case 402: return .creditExhausted
        case 404: return .modelUnavailable
        case 408, 504: return .timeout
        case 422: return .refused
        case 429: return .rateLimited
        case 400..<500: return .invalidRequest
        case 500...: return .unavailable
        default: return .garbled
        }
    }
}
