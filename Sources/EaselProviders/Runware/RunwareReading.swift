import EaselBase
import EaselCore
import EaselTransport
import Foundation

/// Reads Runware's answers: pure, from bytes to results.
enum RunwareReading {
    /// Whether a copyright check was asked for, and could be.
    enum CopyrightCheck {
        case notAsked, asked
    }

    struct Question {
        let taskID: UUID
        let count: Int
        let copyright: CopyrightCheck
        /// Texts that must not come back in a message.
        let secrets: [String]
    }

    static func copyrightCheck(_ request: RemixRequest) -> CopyrightCheck {
        request.copyrightDetection && request.model.hasCopyrightDetection ? .asked : .notAsked
    }

    /// The answer to an `imageInference`.
    static func submission(_ response: HTTPResponse, _ question: Question, delivery: DeliveryMethod) -> Exchange {
        var result = base(response)
        let isSuccess = (200..<300).contains(response.status)
        guard let envelope = envelope(response), isSuccess || isOurs(envelope, response, question) else {
            result.failure = isSuccess ? garbled(response) : ProviderVoice.foreign(response, instead: "Runware")
            return .ended(result)
        }
        read(envelope, into: &result, question)
        noteFailure(errors(of: envelope, question), in: &result, question, response)
        let ours = envelope.data.filter { $0.belongs(to: question) }
        if result.images.isEmpty, result.failure == nil {
            let isTakenOn = ours.contains { $0.standing == .acknowledged || $0.standing == .running }
            if isSuccess, isTakenOn { return .accepted(result) }
            result.failure = isSuccess ? nothing(response) : ProviderVoice.foreign(response, instead: "Runware")
        }
        // An answer with fewer images than asked is final when it is synchronous: there is nobody to ask for more.
        if delivery == .async, result.failure == nil, result.images.count < question.count,
            ours.contains(where: { $0.standing == .running })
        {
            return .accepted(result)
        }
        return .ended(result)
    }

    /// The answer to `getResponse`. The task has ended in failure only where a successful answer says so of this task:
    /// an error of the question itself, with whatever status and though it may echo the task's id, says nothing of what
    /// runs and is charged (M4).
    static func standing(_ response: HTTPResponse, _ question: Question) -> Recovery {
        let isSuccess = (200..<300).contains(response.status)
        guard let envelope = envelope(response), isSuccess || isOurs(envelope, response, question) else {
            return .unknown(pause: ProviderVoice.pause(response, RunwareWords.areOwn))
        }
        var result = base(response)
        read(envelope, into: &result, question)
        if result.images.count >= question.count { return .ended(result) }
        guard isSuccess else {
            // Images beside trouble with the question are images.
            if !result.images.isEmpty { return .running(result, working: false) }
            if isAbsent(envelope, question) { return .absent }
            return .unknown(pause: ProviderVoice.pause(response, RunwareWords.areOwn))
        }
        let isWorking = envelope.data.contains { $0.belongs(to: question) && $0.standing == .running }
        let ends =
            envelope.errors.filter { $0.isEnd(of: question) }
            + failures(of: envelope, question) { $0.hasFailed }.filter { !$0.isOfQuestion }
        if !ends.isEmpty, !isWorking {
            noteFailure(ends, in: &result, question, response)
            return .ended(result)
        }
        if result.images.isEmpty, isAbsent(envelope, question) { return .absent }
        noteFailure([], in: &result, question, response)
        return .running(result, working: isWorking)
    }

    /// The answer to `getTaskDetails`: the archived reply stands under `response`, whose exact shape is not documented
    /// (docs/providers/runware.md, 4.3).
    static func archived(_ response: HTTPResponse, _ question: Question) -> Recovery {
        let isSuccess = (200..<300).contains(response.status)
        guard let envelope = envelope(response), isSuccess || isOurs(envelope, response, question) else {
            return .unknown(pause: ProviderVoice.pause(response, RunwareWords.areOwn))
        }
        if isAbsent(envelope, question) { return .absent }
        guard isSuccess else { return .unknown(pause: ProviderVoice.pause(response, RunwareWords.areOwn)) }
        var result = base(response)
        guard let item = envelope.data.first(where: { $0.belongs(to: question) && $0.extra["response"] != nil }),
            let reply = item.extra["response"], let bytes = try? JSON.encode(reply)
        else {
            // Somebody else's task tells nothing, an empty archive that nothing is there yet.
            return envelope.data.isEmpty && envelope.errors.isEmpty ? .running(result, working: false) : .unknown()
        }
        if let inner = try? JSON.decodeForeign(RunwareEnvelope.self, from: bytes) {
            read(inner, into: &result, question)
            let ends = errors(of: inner, question).filter(\.isArchivedEnd)
            if !ends.isEmpty { noteFailure(ends, in: &result, question, response) }
        } else if let single = try? JSON.decodeForeign(RunwareItem.self, from: bytes), single.isResult {
            result.images = [image(single, question)]
            result.cost = cost(of: [single])
        }
        // The archive may show a task that still runs: fewer images without an error are not its end.
        if result.images.count < question.count, result.failure == nil { return .running(result, working: false) }
        return .ended(result)
    }

    // MARK: - Whose answer

    private static func base(_ response: HTTPResponse) -> ProviderResult {
        ProviderResult(
            httpStatus: response.status,
            timings: PhaseTimings(response.timings),
            providerRequestID: response.fields["x-request-id"].map { String($0.prefix(200)) }
        )
    }

    private static func envelope(_ response: HTTPResponse) -> RunwareEnvelope? {
        try? JSON.decodeForeign(RunwareEnvelope.self, from: response.body)
    }

    /// Whether an answer with an error status is Runware's: its own error, or an image of this very task.
    private static func isOurs(_ envelope: RunwareEnvelope, _ response: HTTPResponse, _ question: Question) -> Bool {
        ProviderVoice.isOwn(response, by: RunwareWords.areOwn)
            || envelope.data.contains { $0.taskUUID != nil && $0.belongs(to: question) && $0.isResult }
    }

    private static func isAbsent(_ envelope: RunwareEnvelope, _ question: Question) -> Bool {
        envelope.data.isEmpty
            && envelope.errors.contains { $0.concerns(question) && $0.code == "taskFailedOrNotFound" }
    }

    // MARK: - Images

    private static func read(_ envelope: RunwareEnvelope, into result: inout ProviderResult, _ question: Question) {
        // Replies come in any order and are repeated by polls: one item for each image (docs/providers/runware.md,
        // 1.3, 2.2 and 4.2).
        var seen: Set<String> = []
        let ours = envelope.data.filter { $0.belongs(to: question) }
        let finished = ours.filter { item in
            guard item.isResult else { return false }
            guard let id = item.imageUUID else { return true }
            return seen.insert(id).inserted
        }
        result.images = finished.map { image($0, question) }
        result.cost = cost(of: finished)
        for item in finished {
            result.extra.merge(item.extra.filter { $0.key != "structuredPrompt" }) { old, _ in old }
        }
        // What should be an image and is none may have been made and charged. Beside all that was asked for it is nothing.
        let isGarbled = envelope.strays > 0 || ours.contains { $0.standing == .garbled }
        if isGarbled, finished.count < question.count {
            result.failure = ProviderFailure(
                .garbled,
                code: "garbled_item",
                message: "Runware's answer has an item without an image and without a reason.",
                httpStatus: result.httpStatus
            )
        }
    }

    private static func image(_ item: RunwareItem, _ question: Question) -> ProviderImage {
        let content: ProviderImage.Content
        if let text = item.imageBase64Data, !text.isEmpty {
            // What cannot be decoded is an image that cannot be read, not one that is kept back.
            content = .bytes(bytes(of: text))
        } else if let uri = item.imageDataURI, !uri.isEmpty {
            content = .bytes(DataURI.decode(uri) ?? [])
        } else if let url = item.imageURL, WebLink.isOne(url) {
            content = .link(url)
        } else {
            content = .withheld
        }
        return ProviderImage(
            content: content,
            seed: item.seed,
            nsfw: item.nsfw,
            copyright: copyright(item, question),
            providerImageID: item.imageUUID,
            cost: item.cost.flatMap(Money.init(claimedUSD:))
        )
    }

    /// The bytes of base64, also where it came as a data URI; none for what is neither.
    private static func bytes(of text: String) -> [UInt8] {
        (DataURI.isOne(text) ? DataURI.decode(text) : try? Base64Text.decode(text)) ?? []
    }

    /// No field of the reply is documented for the check's result. A boolean whose name speaks of copyright is taken at
    /// its word; otherwise it cannot be told (docs/providers/runware.md, 7.2).
    private static func copyright(_ item: RunwareItem, _ question: Question) -> CopyrightVerdict {
        guard case .asked = question.copyright else { return .notRequested }
        return item.copyrightFlag.map { $0 ? .flagged : .clear } ?? .undetermined
    }

    /// Sum of the items' costs; nil as soon as one has none (M1).
    private static func cost(of items: [RunwareItem]) -> Money? {
        items.isEmpty ? nil : Money.sum(items.map { $0.cost.flatMap(Money.init(claimedUSD:)) })
    }

    // MARK: - Failures

    /// What items say that failed, but for those that answer the question: trouble with it is none of the task's (M4).
    private static func failures(
        of envelope: RunwareEnvelope,
        _ question: Question,
        where isMeant: (RunwareItem) -> Bool = { _ in true }
    ) -> [RunwareError] {
        envelope.data.filter { $0.belongs(to: question) && !$0.isOfQuestion && isMeant($0) }.compactMap(\.error)
    }

    private static func errors(of envelope: RunwareEnvelope, _ question: Question) -> [RunwareError] {
        envelope.errors.filter { $0.concerns(question) } + failures(of: envelope, question)
    }

    /// The provider's own words go before what could not be read.
    private static func noteFailure(
        _ errors: [RunwareError],
        in result: inout ProviderResult,
        _ question: Question,
        _ response: HTTPResponse
    ) {
        let failures = errors.map {
            RunwareErrors.failure(
                $0,
                httpStatus: response.status,
                retryAfter: response.fields.retryAfter,
                secrets: question.secrets
            )
        }
        // A refusal decides the call, so it is told before anything else that went wrong (R2).
        if let told = failures.first(where: { $0.kind == .refused }) ?? failures.first { result.failure = told }
    }

    private static func garbled(_ response: HTTPResponse) -> ProviderFailure {
        ProviderFailure(
            .garbled,
            code: "garbled_response",
            message: "Runware's answer is not the JSON that its documentation describes.",
            httpStatus: response.status
        )
    }

    private static func nothing(_ response: HTTPResponse) -> ProviderFailure {
        ProviderFailure(
            .empty,
            code: "no_images",
            message: "Runware reported success without an image.",
            httpStatus: response.status
        )
    }
}

extension RunwareItem {
    /// Items without a task id are taken as ours: a request carries one task only.
    fileprivate func belongs(to question: RunwareReading.Question) -> Bool {
        taskUUID.map { $0.lowercased() == question.taskID.text } ?? true
    }

    fileprivate var isOfQuestion: Bool { taskType.map(RunwareError.questions.contains) == true }
}

extension RunwareError {
    /// What is asked with a task of its own: an error of it is about the question.
    fileprivate static let questions: Set<String> = ["getResponse", "getTaskDetails"]

    fileprivate func concerns(_ question: RunwareReading.Question) -> Bool {
        taskUUID.map { $0.lowercased() == question.taskID.text } ?? true
    }

    /// Whether it is the end of the task: it names the task and says that it failed, and is neither about the question nor
    /// about who may ask it.
    fileprivate func isEnd(of question: RunwareReading.Question) -> Bool {
        guard taskUUID?.lowercased() == question.taskID.text, status?.lowercased() == "error" else { return false }
        return !isOfQuestion
    }

    /// Whether it is the end of a task whose archived reply it stands in. That reply may be one that we gave up on: what
    /// says that there was no room or no time then says nothing of what came of the task.
    fileprivate var isArchivedEnd: Bool {
        if isOfQuestion { return false }
        if status?.lowercased() == "error" { return true }
        switch RunwareErrors.kind(code: code, httpStatus: nil) {
        case .refused, .invalidRequest, .failed, .modelUnavailable, .creditExhausted: return true
        default: return false
        }
    }

    fileprivate var isOfQuestion: Bool {
        taskType.map(Self.questions.contains) == true || code == "taskFailedOrNotFound"
            || RunwareErrors.kind(code: code, httpStatus: nil) == .unauthorized
    }
}
