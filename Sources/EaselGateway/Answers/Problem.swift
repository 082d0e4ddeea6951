import EaselBase
package import EaselCore
package import EaselServer
import EaselTransport

/// An error as callers of this door see it: RFC 9457, with the fields of docs/http.md. A call's failure in the door's words,
/// or a fault of the door's own. Never a secret, a prompt or an image (S2).
package struct Problem: Error, Sendable, Explained {
    package enum Code: String, Sendable, CaseIterable {
        case invalidRequest = "invalid_request"
        case unauthenticated, forbidden
        case budgetExceeded = "budget_exceeded"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case conflict
        case inProgress = "in_progress"
        case idempotencyConflict = "idempotency_conflict"
        case tooLarge = "too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case requestTimeout = "request_timeout"
        case refused
        case rateLimited = "rate_limited"
        case providersFailed = "providers_failed"
        case unavailable
        case deadlineExceeded = "deadline_exceeded"
        case internalError = "internal_error"

        var status: Int {
            switch self {
            case .invalidRequest: 400
            case .unauthenticated: 401
            case .budgetExceeded: 402
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .requestTimeout: 408
            case .conflict, .inProgress, .idempotencyConflict: 409
            case .tooLarge: 413
            case .unsupportedMediaType: 415
            case .refused: 422
            case .rateLimited: 429
            case .internalError: 500
            case .providersFailed: 502
            case .unavailable: 503
            case .deadlineExceeded: 504
            }
        }

        var title: String {
            switch self {
            case .invalidRequest: "The request is not valid"
            case .unauthenticated: "No valid key"
            case .forbidden: "Not allowed"
            case .budgetExceeded: "A spending limit would be exceeded"
            case .notFound: "Not found"
            case .methodNotAllowed: "Method not allowed"
            case .conflict: "Already exists"
            case .inProgress: "The same request is in progress"
            case .idempotencyConflict: "The key was used for another request"
            case .tooLarge: "Too large"
            case .unsupportedMediaType: "Unsupported media type"
            case .requestTimeout: "The request arrived too slowly"
            case .refused: "Refused on content grounds"
            case .rateLimited: "Too many requests"
            case .providersFailed: "Every provider failed"
            case .unavailable: "Temporarily unavailable"
            case .deadlineExceeded: "The deadline passed"
            case .internalError: "Something went wrong on our side"
            }
        }
    }

    package var code: Code
    package var detail: String

    package var sentence: String { detail }

    package var callID: String?
    /// Whole seconds, rounded up, also sent as `Retry-After`.
    package var retryAfter: Duration?
    package var errors: [RequestFault]
    /// The methods that the path takes, where it does not take the one that was used.
    var allow: [String] = []
    /// The budget that does not take a call.
    var budget: BudgetFigures?
    var attempts: [RemixReply.Attempt]
    /// Whether it is the end of an earlier call, told to a caller who asks again with the same key.
    var isReplayed = false

    package init(
        _ code: Code,
        _ detail: String,
        callID: String? = nil,
        retryAfter: Duration? = nil,
        errors: [RequestFault] = []
    ) {
        self.code = code
        self.detail = detail
        self.callID = callID
        self.retryAfter = retryAfter
        self.errors = errors
        attempts = []
    }

    package static func invalid(_ faults: [RequestFault]) -> Problem { Problem(CallFailure.invalid(faults)) }

    private var retryAfterSeconds: Int? {
        // Who is told to come back is told when, also where the record does not have it any more.
        let isForNow = code == .unavailable || code == .rateLimited
        return (retryAfter ?? (isForNow ? .seconds(5) : nil)).map { max(1, Int(($0.milliseconds + 999) / 1000)) }
    }

    package var response: ServerResponse {
        var text = JSONText()
        text.object { text in
            text.member("type", "about:blank")
            text.member("title", code.title)
            text.member("status", code.status)
            text.member("detail", detail)
            text.member("code", code.rawValue)
            if let callID { text.member("call_id", callID) }
            if let seconds = retryAfterSeconds { text.member("retry_after", seconds) }
            if !errors.isEmpty {
                text.key("errors")
                text.array(errors) { text, fault in
                    text.object { text in
                        text.member("parameter", fault.parameter)
                        text.member("message", fault.message)
                    }
                }
            }
            if let budget { text.member("budget", budget) }
            if !attempts.isEmpty { text.member("attempts", attempts) }
        }
        var fields = HTTPFields()
        if let seconds = retryAfterSeconds { fields.add("Retry-After", String(seconds)) }
        if let callID { fields.add("X-Easel-Call-Id", callID) }
        if isReplayed { fields.add("Idempotent-Replayed", "true") }
        if !allow.isEmpty { fields.add("Allow", allow.joined(separator: ", ")) }
        if code == .unsupportedMediaType { fields.add("Accept-Encoding", ContentCoding.understood) }
        if code == .unauthenticated { fields.add("WWW-Authenticate", "Bearer") }
        return .bytes(text.bytes, type: "application/problem+json", status: code.status, fields: fields)
    }
}

extension Problem {
    /// A fault of the ledger while nothing was spent.
    init(_ error: LedgerError) {
        switch error {
        case .unavailable:
            self.init(
                .unavailable,
                "The ledger cannot be used at the moment; nothing was spent.",
                retryAfter: .seconds(2)
            )
        case .conflict(let text): self.init(.conflict, text)
        case .notFound(let text): self.init(.notFound, text)
        case .rejected(let text): self.init(.invalidRequest, text)
        }
    }

    /// What the ledger answers; its fault is the caller's problem.
    static func of<Answer>(
        _ question: () async throws(LedgerError) -> Answer
    ) async throws(Problem) -> Answer {
        do throws(LedgerError) { return try await question() } catch { throw Problem(error) }
    }

    init(_ error: ServerRequestBody.BodyError) {
        switch error {
        case .tooLarge(let limit):
            self.init(.tooLarge, "The body is larger than \(ByteSizeText.format(limit)).")
        case .tooSlow: self.init(.requestTimeout, "The body arrived too slowly.")
        case .clientGone, .malformed: self.init(.invalidRequest, "The body is incomplete or its framing is malformed.")
        }
    }
}
