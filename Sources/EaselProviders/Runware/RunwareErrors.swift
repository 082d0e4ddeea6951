package import EaselCore

/// Puts Runware's error codes into the trade's classes. The order of the rules is that of the official clients
/// (docs/providers/runware.md, 5.2): codes are many and change, so families count.
package enum RunwareErrors {
    private static let safety: Set<String> = [
        "contentPolicyViolation", "providerContentPolicyViolation", "sensitiveContentDetected",
        "unsafeContentDetected", "nsfwContentDetected", "promptBlocked", "imageBlocked", "moderationFailed",
        "invalidProviderContent",
    ]
    private static let auth: Set<String> = [
        "unauthorized", "forbidden", "permissionDenied", "insufficientPermissions", "authenticationFailed",
        "authFailed", "authTimeout", "invalidAuthentication", "missingAuthentication", "invalidCredentials",
        "tokenExpired", "tokenInvalid", "tokenMissing", "tokenRevoked", "accountSuspended", "accountDisabled",
        "organizationSuspended", "organizationDisabled", "workspaceSuspended", "workspaceDisabled",
    ]
    private static let server: Set<String> = [
        "internalServerError", "serviceUnavailable", "serverUnavailable", "standardError", "unknownError",
        "undefinedError", "defaultError", "unrecognizedResponse", "errorRetrievingAccountManagement",
        "noAvailableServer",
    ]
    private static let model: Set<String> = [
        "modelUnavailable", "modelDisabled", "modelNotReady", "unknownModel", "invalidModel", "modelNotFound",
    ]
    private static let task: Set<String> = [
        "inferenceError", "processingFailed", "taskFailed", "downloadFailed", "uploadFailed", "taskCancelled",
        "taskFailedOrNotFound", "mediaStorageFileCouldNotBeMoved",
    ]
    private static let validationPrefixes = [
        "invalid", "missing", "conflict", "duplicate", "unsupported", "value", "array", "max", "mismatch",
        "incompatible",
    ]
    private static let validation: Set<String> = [
        "unknownParameter", "unknownProviderSettingsProvider", "transparentModelMismatch",
        "modelOwnershipValidationError", "modelAlreadyExists", "validationFailed",
    ]

    /// The class of a code; `httpStatus` decides where the code tells nothing.
    package static func kind(code: String, httpStatus: Int?) -> ProviderFailure.Kind {
        if code == "conflictTaskUUID" { return .conflict }
        if code.contains("Credits") || code.contains("Quota") || code.contains("Balance")
            || ["quotaExceeded", "paymentRequired", "environmentPaused"].contains(code)
        {
            return .creditExhausted
        }
        if code.contains("RateLimit") || code == "rateLimitExceeded" { return .rateLimited }
        if safety.contains(code) { return .refused }
        if auth.contains(code) || code.contains("ApiKey") { return .unauthorized }
        // The provider says that its upstream was silent: the task has ended there. `timeoutProvider` begins in lower case.
        if code.contains("Timeout") || code.hasPrefix("timeout") { return .unavailable }
        if model.contains(code) { return .modelUnavailable }
        if task.contains(code) { return .failed }
        if code.hasSuffix("NotFound") || code.hasSuffix("Expired") { return .failed }
        if server.contains(code) || code.hasPrefix("provider") { return .unavailable }
        if validation.contains(code) || validationPrefixes.contains(where: code.hasPrefix) { return .invalidRequest }
        return httpStatus.map { kind(httpStatus: $0) } ?? .failed
    }

    /// The class of an error of theirs whose code tells nothing.
    package static func kind(httpStatus: Int) -> ProviderFailure.Kind {
        switch httpStatus {
        case 401, 403: .unauthorized
        case 402: .creditExhausted
        case 404: .modelUnavailable
        case 429: .rateLimited
        case 400..<500: .invalidRequest
        case 500...: .unavailable
        default: .failed
        }
    }

    static func failure(
        _ error: RunwareError,
        httpStatus: Int,
        retryAfter: Duration?,
        secrets: [String]
    ) -> ProviderFailure {
        // A time limit of the request is not the task's, whatever is said with it: the task goes on and is billed
        // (docs/providers/runware.md, 4.1).
        let isLate = httpStatus == 408 || httpStatus == 504
        let kind = isLate ? .timeout : kind(code: error.code, httpStatus: httpStatus)
        var message = SafeMessage.clean(
            error.message,
            secrets: secrets,
            fallback: "Runware answered with the error \(error.code.prefix(80))."
        )
        if !error.parameters.isEmpty {
            message += " (\(error.parameters.prefix(4).joined(separator: ", ").prefix(120)))"
        }
        return ProviderFailure(
            kind,
            code: String(error.code.prefix(80)),
            message: message,
            httpStatus: httpStatus,
            // Sent and refused as a duplicate: the first one may have been executed.
            billing: kind == .conflict || isLate ? .unknown : .notCharged,
            retryAfter: retryAfter
        )
    }
}
