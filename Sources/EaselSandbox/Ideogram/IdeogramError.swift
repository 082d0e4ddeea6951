import EaselBase
import EaselTransport
import Foundation

/// What Ideogram says when it says no: three families of bodies (docs/providers/ideogram.md, 5.1).
enum IdeogramError: Error, Sendable, Equatable {
    /// 400 by the schema: a problem document whose detail names the field.
    case schema(String)
    /// 400 by a rule between fields, or an image that cannot be read.
    case rule(String)
    case wrongKey
    case notFound(String)
    case wrongMethod
    case wrongContentType(String)
    case unsafePrompt
    case tooManyInFlight(limit: Int)
    /// Any status, as a fault asks for it.
    case status(Int, retryAfter: Int?)

    var reply: SandboxReply {
        switch self {
        case .schema(let detail): Self.problem(400, "Bad Request", detail)
        case .rule(let text): .json(["error": .string(text)], status: 400)
        case .wrongKey: .json(["message": "Access denied. Please verify your API Token is valid."], status: 401)
        case .notFound(let detail): Self.problem(404, "Not Found", detail)
        case .wrongMethod: Self.problem(405, "Method Not Allowed", "The method is not allowed for the requested URL.")
        case .wrongContentType(let type):
            Self.problem(
                415,
                "Unsupported Media Type",
                "Invalid Content-type (\(type)), expected multipart/form-data"
            )
        case .unsafePrompt:
            .json(
                ["error": "Prompt provided failed safety check due to the inclusion of prohibited content."],
                status: 422
            )
        case .tooManyInFlight(let limit):
            .json(
                [
                    "error": "Too many requests in flight.", "reject_reason": "inflight_limit",
                    "max_inflight_requests": .integer(limit),
                ],
                status: 429
            )
        case .status(let status, let retryAfter): Self.simulated(status, retryAfter)
        }
    }

    private static func simulated(_ status: Int, _ retryAfter: Int?) -> SandboxReply {
        var reply: SandboxReply
        switch status {
        case 400: reply = IdeogramError.rule("Simulated failure.").reply
        case 401: reply = IdeogramError.wrongKey.reply
        case 402:
            reply = .json(
                [
                    "error": "Add a payment method and credits to use this API key.",
                    "reject_reason": "insufficient_funds",
                ],
                status: 402
            )
        case 403: reply = .json(["message": "This account is not authorized for this operation."], status: 403)
        case 404: reply = IdeogramError.notFound("Simulated failure.").reply
        case 422: reply = IdeogramError.unsafePrompt.reply
        case 429:
            reply = .json(
                ["error": "Too many requests in flight.", "reject_reason": "inflight_limit"],
                status: 429
            )
        case 405: reply = IdeogramError.wrongMethod.reply
        case 413:
            reply = problem(413, "Request Entity Too Large", "The data value transmitted exceeds the capacity limit.")
        case 415: reply = IdeogramError.wrongContentType("text/plain").reply
        case 500, 503: reply = .json(["error": "Something went wrong."], status: status)
        // No status of its documents: somebody on the way.
        default: return .page(status, retryAfter: retryAfter)
        }
        if let retryAfter { reply.fields["Retry-After"] = "\(retryAfter)" }
        return reply
    }

    private static func problem(_ status: Int, _ title: String, _ detail: String) -> SandboxReply {
        var reply = SandboxReply.json(
            [
                "type": "about:blank", "title": .string(title), "detail": .string(detail),
                "status": .integer(status),
            ],
            status: status
        )
        reply.fields["Content-Type"] = "application/problem+json"
        return reply
    }
}
