import EaselBase
import EaselCore
import Testing

@testable import EaselProviders

struct RunwareErrorTests {
    /// Every code that is known, with the class that decides what happens next.
    private static let codes: [ProviderFailure.Kind: [String]] = [
        .unauthorized: [
            "invalidApiKey", "missingApiKey", "unauthorized", "forbidden", "permissionDenied",
            "insufficientPermissions", "authenticationFailed", "accountSuspended",
        ],
        .creditExhausted: [
            "insufficientCredits", "thirdPartyInsufficientCredits", "videoInferenceInsufficientCredits",
            "providerInsufficientCredits", "quotaExceeded", "paymentRequired", "environmentPaused",
        ],
        .rateLimited: [
            "rateLimitExceeded", "inferenceRateLimitExceeded", "providerRateLimitExceeded",
            "inferenceRateLimitRequestTooLarge",
        ],
        .refused: [
            "invalidProviderContent", "contentPolicyViolation", "providerContentPolicyViolation",
            "sensitiveContentDetected", "unsafeContentDetected", "nsfwContentDetected", "promptBlocked", "imageBlocked",
            "moderationFailed",
        ],
        .unavailable: [
            "timeoutProvider", "providerTimeout", "providerGatewayTimeout", "webhookTimeout", "internalServerError",
            "serviceUnavailable", "serverUnavailable", "errorRetrievingAccountManagement", "unknownError",
            "unrecognizedResponse", "noAvailableServer",
        ],
        .failed: [
            "taskFailedOrNotFound", "taskCancelled", "inferenceError", "processingFailed", "taskFailed",
            "downloadFailed", "uploadFailed", "mediaStorageFileCouldNotBeMoved",
        ],
        .modelUnavailable: ["modelUnavailable", "modelDisabled", "modelNotReady", "invalidModel"],
        .conflict: ["conflictTaskUUID"],
        .invalidRequest: [
            "invalidTaskUUID", "unsupportedParameter", "unsupportedDimensions", "invalidWidth", "invalidHeight",
            "invalidCustomHeight", "missingDimensionParameters", "invalidPositivePrompt", "unknownParameter",
            "incompatibleParameters", "mismatchProviderSettingsProvider", "unknownProviderSettingsProvider",
            "validationFailed",
        ],
    ]

    @Test func `all 65 known codes are in the table`() {
        #expect(Set(Self.codes.values.flatMap { $0 }).count == 65)
    }

    @Test(arguments: codes.flatMap { kind, codes in codes.map { ($0, kind) } })
    func `a code decides, whatever HTTP status carries it`(code: String, kind: ProviderFailure.Kind) throws {
        #expect(RunwareErrors.kind(code: code, httpStatus: nil) == kind)
        for status in [200, 400, 401, 402, 429, 500, 503] {
            #expect(RunwareErrors.kind(code: code, httpStatus: status) == kind)
            let body: JSONValue = ["data": [], "errors": [Answers.error(code)]]
            let result = try #require(Answers.runware(body, status: status).result)
            let failure = try #require(result.failure)
            #expect(failure.kind == kind && failure.code == code && failure.httpStatus == status)
            #expect(result.images.isEmpty && result.cost == nil)
            // An error is not billed; a duplicate may stand for a task that was.
            #expect(failure.billing == (kind == .conflict ? .unknown : .notCharged))
        }
    }

    @Test(arguments: [
        ("somethingNew", 400, ProviderFailure.Kind.invalidRequest), ("somethingNew", 503, .unavailable),
        ("somethingNew", 429, .rateLimited), ("somethingNew", 402, .creditExhausted),
        ("providerSomethingNew", 400, .unavailable), ("somethingExpired", 400, .failed),
        ("modelSomethingNotFound", 404, .failed), ("invalidSomethingNew", 500, .invalidRequest),
        ("newQuotaRule", 400, .creditExhausted), ("newApiKeyRule", 400, .unauthorized),
    ])
    func `a code that is new falls into its family or follows the status`(
        code: String,
        status: Int,
        kind: ProviderFailure.Kind
    ) {
        #expect(RunwareErrors.kind(code: code, httpStatus: status) == kind)
    }

    /// Runware's limit for synchronous requests ends the answer, not the task, which is billed
    /// (docs/providers/runware.md, 4.1).
    @Test(arguments: [408, 504])
    func `a time limit of the request does not say that nothing was charged, in whatever words`(status: Int) throws {
        for code in ["somethingNew", "providerGatewayTimeout", "internalServerError", "invalidProviderContent"] {
            let body: JSONValue = ["data": [], "errors": [Answers.error(code)]]
            let failure = try #require(Answers.runware(body, status: status).result?.failure)
            #expect(failure.kind == .timeout && failure.wantsRecovery && failure.code == code)
            #expect(failure.billing == .unknown)
        }
    }

    @Test func `a new code without a status is a failure of the task`() {
        #expect(RunwareErrors.kind(code: "somethingNew", httpStatus: nil) == .failed)
    }

    /// M4: what is said on the way is nobody's word of the task.
    @Test(arguments: [
        301, 302, 400, 401, 402, 403, 404, 405, 408, 413, 415, 422, 429, 499, 500, 502, 503, 504, 520, 524, 525, 530,
    ])
    func `a status without their envelope is foreign and of unknown cost`(status: Int) throws {
        let bodies = [
            "", "<html><h1>no</h1></html>", "{}", "null", "7", "{\"data\":[]}", "{\"errors\":[]}", "{\"errors\":[{}]}",
            #"{"errors":[{"code":1020,"message":"Access denied"}],"success":false}"#, #"{"message":"Forbidden"}"#,
            #"{"errors":[{"message":"no","extensions":{"code":"FORBIDDEN"}}]}"#, #"{"error":"Too many requests"}"#,
            #"{"errors":[{"code":"ACCESS DENIED","message":"no"}]}"#, #"{"error":{"code":403,"message":"no"}}"#,
            #"{"error":true,"errorId":19,"errorMessage":"m"}"#,
        ]
        for body in bodies {
            for delivery in [DeliveryMethod.sync, .async] {
                let response = Answers.response(Array(body.utf8), status: status, fields: [("Retry-After", "2.5")])
                let exchange = RunwareReading.submission(response, Answers.question(), delivery: delivery)
                let failure = try #require(exchange.result?.failure, "\(body)")
                #expect(failure.kind == .foreign && failure.httpStatus == status && failure.code == "http_\(status)")
                #expect(failure.billing == .unknown && failure.wantsRecovery, "\(body)")
                #expect(failure.retryAfter == .milliseconds(2500))
                #expect(exchange.result?.images.isEmpty == true && exchange.result?.cost == nil)
            }
        }
    }

    @Test func `their envelope about another task, or as a page, is not their word of this one`() {
        let other: JSONValue = ["data": [], "errors": [Answers.error("internalServerError", task: Answers.otherTask)]]
        #expect(Answers.runware(other, status: 500).result?.failure?.kind == .foreign)
        let own: JSONValue = ["data": [], "errors": [Answers.error("internalServerError")]]
        let page = Answers.response(own, status: 500, fields: [("Content-Type", "text/html")])
        let read = RunwareReading.submission(page, Answers.question(), delivery: .sync).result
        #expect(read?.failure?.kind == .foreign)
        #expect(Answers.runware(own, status: 524).result?.failure?.kind == .foreign)
        #expect(Answers.runware(own, status: 500).result?.failure?.billing == .notCharged)
    }

    @Test func `a success that cannot be read is garbled and of unknown cost`() throws {
        for body in ["", "<html>ok</html>", "{\"data\":[{\"taskUUID\":", "{}", "7", "\"text\"", "null"] {
            let response = Answers.response(Array(body.utf8))
            for delivery in [DeliveryMethod.sync, .async] {
                let result = RunwareReading.submission(response, Answers.question(), delivery: delivery).result
                #expect(result?.failure?.kind == .garbled, "\(body)")
                #expect(result?.failure?.billing == .unknown && result?.images.isEmpty == true && result?.cost == nil)
            }
        }
    }

    @Test func `a success without an image is empty and of unknown cost`() throws {
        let other = Answers.item(Answers.firstImage, ["taskUUID": .string(Answers.otherTask)])
        let bodies: [JSONValue] = [
            ["data": []], ["data": .null], ["data": [], "errors": []], ["data": [other]],
            ["data": [], "errors": [Answers.error("invalidWidth", task: Answers.otherTask)]],
        ]
        for body in bodies {
            let result = try #require(Answers.runware(body).result)
            #expect(result.failure?.kind == .empty && result.failure?.billing == .unknown, "\(body)")
            #expect(result.images.isEmpty && result.cost == nil)
        }
    }

    @Test func `what is no error of theirs does not end a task in a success`() throws {
        for body in [
            #"{"error":{"code":"insufficientCredits","message":"m"}}"#, #"{"error":true,"errorMessage":"m"}"#,
            #"{"errors":[{}]}"#, #"{"errors":[{"code":7,"message":[]}]}"#, #"{"errors":[{"message":"no"}]}"#,
        ] {
            let response = Answers.response(Array(body.utf8))
            let result = RunwareReading.submission(response, Answers.question(), delivery: .sync).result
            #expect(result?.failure?.billing == .unknown, "\(body)")
        }
    }

    @Test func `the parameters at fault are named, one or several`() throws {
        for parameter in ["width", ["width", "height", "referenceImages"]] as [JSONValue] {
            let error: JSONValue = [
                "code": "missingDimensionParameters", "message": "Sizes are missing.", "parameter": parameter,
                "type": "integer|array", "min": 256, "max": 16383, "multiplier": 1,
                "allowedValues": ["1024x1024"], "documentation": "https://runware.ai/docs/",
            ]
            let body: JSONValue = ["data": [], "errors": [error]]
            let message = try #require(Answers.runware(body, status: 400).result?.failure?.message)
            #expect(message.hasPrefix("Sizes are missing. (width"))
            #expect(message.contains("referenceImages") == (parameter.arrayValue != nil))
        }
    }

    @Test func `a refusal is told before whatever else went wrong`() throws {
        for codes in [["invalidProviderContent", "providerTimeout"], ["providerTimeout", "invalidProviderContent"]] {
            let body: JSONValue = ["data": [], "errors": .array(codes.map { Answers.error($0) })]
            #expect(Answers.runware(body, status: 400).result?.failure?.kind == .refused)
        }
    }
}
