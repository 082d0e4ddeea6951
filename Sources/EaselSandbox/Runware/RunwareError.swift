import EaselBase
import Foundation

/// One entry of `errors`, with the HTTP status that it would give a reply of its own.
struct RunwareError: Error, Sendable, Equatable {
    var code: String
    var message: String
    /// One dotted path, or a list of names.
    var parameters: [String] = []
    var type: String?
    var min: Decimal?
    var max: Decimal?
    var multiplier: Decimal?
    var allowedValues: [JSONValue]?
    var documentation: String?
    var taskType: String?
    var taskUUID: String?
    /// `error` when the entry answers a poll.
    var status: String?
    var httpStatus = 400

    var json: JSONValue {
        var members: [String: JSONValue] = ["code": .string(code), "message": .string(message)]
        if parameters.count == 1 {
            members["parameter"] = .string(parameters[0])
        } else if parameters.count > 1 {
            members["parameter"] = .array(parameters.map { .string($0) })
        }
        if let type { members["type"] = .string(type) }
        if let min { members["min"] = .number(min) }
        if let max { members["max"] = .number(max) }
        if let multiplier { members["multiplier"] = .number(multiplier) }
        if let allowedValues { members["allowedValues"] = .array(allowedValues) }
        if let documentation { members["documentation"] = .string(documentation) }
        if let taskType { members["taskType"] = .string(taskType) }
        if let taskUUID { members["taskUUID"] = .string(taskUUID) }
        if let status { members["status"] = .string(status) }
        return .object(members)
    }

    /// With the task that it is about.
    func about(_ taskUUID: String?, documentation page: String? = nil) -> RunwareError {
        var error = self
        error.taskUUID = taskUUID
        if let page, let name = parameters.first {
            let anchor = name.lowercased().replacingOccurrences(of: ".", with: "-")
            error.documentation = "https://runware.ai/docs/models/\(page)#request-\(anchor)"
        }
        return error
    }
}

// MARK: - Errors that are no matter of a parameter

extension RunwareError {
    /// No key, or a wrong one.
    static func key(missing: Bool) -> RunwareError {
        RunwareError(
            code: missing ? "missingApiKey" : "invalidApiKey",
            message: missing
                ? "No API key was given. Send it as a bearer token or in an authentication task."
                : "The API key is not valid. Get one at https://my.runware.ai/signup.",
            parameters: ["apiKey"],
            type: "string",
            taskType: "authentication",
            httpStatus: 401
        )
    }

    /// Settings for a provider that is not the model's own.
    static func wrongProvider(_ name: String) -> RunwareError {
        let exists = RunwareModel.otherProviders.contains(name)
        return RunwareError(
            code: exists ? "mismatchProviderSettingsProvider" : "unknownProviderSettingsProvider",
            message: exists
                ? "The settings of '\(name)' do not fit the model's provider." : "There is no provider '\(name)'.",
            parameters: ["providerSettings." + name],
            type: "object"
        )
    }

    /// The content check of the model's provider said no.
    static let content = RunwareError(
        code: "invalidProviderContent",
        message: "The provider refused the prompt or image on the grounds of its content policy.",
        taskType: "imageInference"
    )

    /// The service's own error for an HTTP status.
    static func forStatus(_ status: Int) -> RunwareError {
        let (code, message) =
            switch status {
            case 401: ("invalidApiKey", "The API key is not valid.")
            case 402: ("insufficientCredits", "The balance of the account is too low.")
            case 403: ("forbidden", "The API key lacks the permission for this operation.")
            case 404: ("taskFailedOrNotFound", "The resource was not found.")
            case 429: ("rateLimitExceeded", "The queue of the model is full. Try again later.")
            case 503: ("serviceUnavailable", "There is no capacity at the moment.")
            case 504: ("providerGatewayTimeout", "The provider did not answer in time.")
            case 500...599: ("internalServerError", "Something went wrong at our side.")
            default: ("validationFailed", "The request is not valid.")
            }
        return RunwareError(code: code, message: message, httpStatus: status)
    }

    /// An error by its code alone, with the HTTP status that is known or likely for it.
    static func forCode(_ code: String) -> RunwareError {
        let status =
            switch code {
            case "invalidApiKey", "missingApiKey", "unauthorized", "authenticationFailed": 401
            case "insufficientCredits", "paymentRequired": 402
            case "forbidden", "permissionDenied", "insufficientPermissions", "accountSuspended": 403
            case "taskFailedOrNotFound": 404
            case _ where code.contains("RateLimit"): 429
            case "internalServerError", "errorRetrievingAccountManagement", "unknownError", "inferenceError": 500
            case "processingFailed", "taskFailed", "unrecognizedResponse", "uploadFailed": 500
            case "serviceUnavailable", "serverUnavailable", "noAvailableServer", "modelUnavailable": 503
            case "modelDisabled", "modelNotReady", "environmentPaused", "providerInsufficientCredits": 503
            case _ where code.hasSuffix("Timeout") || code == "timeoutProvider": 504
            default: 400
            }
        return RunwareError(code: code, message: "Simulated failure \(code).", httpStatus: status)
    }

    /// Whether this failure happens while the model works, so that an asynchronous task shows it when it is polled.
    var happensWhileWorking: Bool {
        code.hasPrefix("provider") || ["timeoutProvider", "inferenceError", "invalidProviderContent"].contains(code)
            || ["taskFailed", "processingFailed"].contains(code)
    }
}
