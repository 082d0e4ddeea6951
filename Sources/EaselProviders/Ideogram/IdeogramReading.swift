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
        guard (200..<300).contains(response.status) else {
            result.failure = failure(response, question)
            return .ended(result)
        }
        guard let reply = try? JSON.decodeForeign(IdeogramReply.self, from: response.body) else {
            result.failure = ProviderFailure(
                .garbled,
                code: "garbled_response",
                message: "Ideogram's answer is not the JSON that its documentation describes.",
                httpStatus: response.status
            )
            return .ended(result)
        }
        if let late = reply.statusCode, reply.errorText != nil, !(200..<300).contains(late) {
            // A streamed answer that failed after it had begun (docs/providers/ideogram.md, 1.5).
            result.failure = Self.late(late, reply, response, question)
            return .ended(result)
        }
        result.providerTaskID = reply.generationID
        if reply.data == nil, delivery == .async, reply.generationID != nil { return .accepted(result) }
        read(reply, into: &result, question)
        return .ended(result)
    }

    /// The answer to `GET /v1/generations/{id}`. Only a successful answer about this very generation tells of it: an error
    /// is about the question (M4).
    static func standing(_ response: HTTPResponse, _ question: Question, id: String) -> Recovery {
        guard (200..<300).contains(response.status) else {
            if response.status == 404, ProviderVoice.isOwn(response, by: IdeogramWords.areOwn) { return .absent }
            return .unknown(pause: ProviderVoice.pause(response, IdeogramWords.areOwn))
        }
        guard let reply = try? JSON.decodeForeign(IdeogramReply.self, from: response.body),
            reply.generationID == nil || reply.generationID == id
        else { return .unknown() }
        var result = base(response)
        result.providerTaskID = reply.generationID
        switch reply.status {
        case "completed":
            read(reply, into: &result, question)
            // Completed, and neither an image nor a reason: the question is worth repeating.
            let isTold = !result.images.isEmpty || result.failure?.billing == .notCharged
            return isTold ? .ended(result) : .running(result, working: false)
        case "failed":
            guard reply.generationID == id else { return .unknown() }
            // All images unsafe, in one of two shapes (docs/providers/ideogram.md, 4.3): it ended without an image.
            let reason = reply.failureReason ?? "failed"
            let refused = reason.contains("content_policy") || reason.contains("safety") || reason.contains("copyright")
            if let micros = reply.costMicros { result.cost = Money(providerUSD: micros / 1_000_000) }
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
        let entries = reply.data ?? []
        let images = entries.filter { $0.standing == .image || $0.standing == .withheld }
        result.images = images.map { image($0, question) }
        for image in images { result.extra.merge(image.extra) { old, _ in old } }
        if let micros = reply.costMicros { result.cost = Money(claimedUSD: micros / 1_000_000) }
        if let id = reply.requestID, result.providerRequestID == nil {
            result.providerRequestID = String(id.prefix(200))
        }
        // Beside all that was asked for, what is no image is nothing.
        if images.count >= question.count, !images.isEmpty { return }
        for case .failed(let text) in entries.map(\.standing) where result.failure == nil {
            result.failure = ProviderFailure(
                .failed,
                code: "item_failed",
                message: SafeMessage.clean(
                    text,
                    secrets: question.secrets,
                    fallback: "Ideogram reported that an image failed."
                ),
                httpStatus: result.httpStatus
            )
        }
        // What should be an image and is none may have been made and charged, and that goes before a failure.
        if reply.strays > 0 || entries.contains(where: { $0.standing == .garbled }) {
            result.failure = ProviderFailure(
                .garbled,
                code: "garbled_item",
                message: "Ideogram's answer has an entry without an image and without a reason.",
                httpStatus: result.httpStatus
            )
        } else if images.isEmpty, result.failure == nil {
            result.failure = ProviderFailure(
                .empty,
                code: "no_images",
                message: "Ideogram reported success without an image.",
                httpStatus: result.httpStatus
            )
        }
    }

    private static func image(_ image: IdeogramImage, _ question: Question) -> ProviderImage {
        let url = image.standing == .image ? image.url : nil
        let isSafe = image.isImageSafe
        // Copyright detection exists for 4.0 only; a hit looks like an unsafe image, so a missing one cannot be told
        // apart and a delivered one is clear (docs/providers/ideogram.md, 4.4).
        let copyright: CopyrightVerdict =
            if !question.copyrightDetection || !question.model.hasCopyrightDetection {
                .notRequested
            } else if url != nil, isSafe != false {
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

    // MARK: - Errors (docs/providers/ideogram.md, 5)

    /// The answer's own status, where it is Ideogram's to say (docs/decisions, what a status means).
    private static func failure(_ response: HTTPResponse, _ question: Question) -> ProviderFailure {
        guard ProviderVoice.isOwn(response, by: IdeogramWords.areOwn),
            let reply = try? JSON.decodeForeign(IdeogramReply.self, from: response.body)
        else { return ProviderVoice.foreign(response, instead: "Ideogram") }
        return failure(response.status, reply, response, question)
    }

    /// A failure inside a success. A status that is none of an error says nothing, and a time limit is not the task's.
    private static func late(
        _ status: Int,
        _ reply: IdeogramReply,
        _ response: HTTPResponse,
        _ question: Question
    ) -> ProviderFailure {
        guard (400..<520).contains(status), ![408, 499, 502, 504].contains(status) else {
            return ProviderFailure(
                .garbled,
                code: "late_failure",
                message: SafeMessage.clean(
                    reply.errorText,
                    secrets: question.secrets,
                    fallback: "Ideogram's answer broke off with an error."
                ),
                httpStatus: response.status
            )
        }
        return failure(status, reply, response, question)
    }

    private static func failure(
        _ status: Int,
        _ reply: IdeogramReply,
        _ response: HTTPResponse,
        _ question: Question
    ) -> ProviderFailure {
        ProviderFailure(
            kind(httpStatus: status, rejectReason: reply.rejectReason),
            code: reply.rejectReason.map { String($0.prefix(80)) } ?? "http_\(status)",
            message: SafeMessage.clean(
                reply.errorText,
                secrets: question.secrets,
                fallback: "Ideogram answered with status \(status)."
            ),
            httpStatus: status,
            retryAfter: response.fields.retryAfter
        )
    }

    /// The class of an error that is Ideogram's own.
    package static func kind(httpStatus: Int, rejectReason: String?) -> ProviderFailure.Kind {
        switch rejectReason {
        case "inflight_limit"?: return .rateLimited
        case "insufficient_funds"?, "subscription_required"?, "daily_limit"?, "priority_credit_required"?:
            return .creditExhausted
        case "feature_limit"?: return .unauthorized
        default: break
        }
        switch httpStatus {
        // A paused key, which is what an empty account gets, answers like a bad one (docs/providers/ideogram.md, 1.1).
        case 401, 403: return .unauthorized
        case 402: return .creditExhausted
        case 404: return .modelUnavailable
        case 422: return .refused
        case 429: return .rateLimited
        case 400..<500: return .invalidRequest
        default: return .unavailable
        }
    }
}
