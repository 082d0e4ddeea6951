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
        request.copyrightDetection ? .asked : .notAsked
    }

    /// The answer to an `imageInference`.
    static func submission(_ response: HTTPResponse, _ question: Question, delivery: DeliveryMethod) -> Exchange {
        var result = base(response)
        guard let envelope = envelope(response) else {
            result.failure = unreadable(response)
            return .ended(result)
        }
        read(envelope, into: &result, question, response)
        if result.images.isEmpty, result.failure == nil {
            let acknowledged = envelope.data.contains { $0.belongs(to: question) && !$0.isFinished }
            if (200..<300).contains(response.status), acknowledged { return .accepted(result) }
            result.failure = nothing(response)
        }
        // An answer with fewer pictures than asked is final when it is synchronous: there is nobody to ask for more.
        if delivery == .async, result.failure == nil, result.images.count < question.count,
            envelope.data.contains(where: \.isRunning)
        {
            return .accepted(result)
        }
        return .ended(result)
    }

    /// The answer to `getResponse`.
    static func standing(_ response: HTTPResponse, _ question: Question) -> Recovery {
        var result = base(response)
        guard let envelope = envelope(response) else { return .unknown }
        read(envelope, into: &result, question, response)
        let working = envelope.data.contains { $0.belongs(to: question) && $0.isRunning }
        if result.images.count >= question.count { return .ended(result) }
        if let failure = result.failure {
            // An error that names no task and comes with an error status answers the question, not the task: a bad key, a
            // full queue or a sick server tells nothing about what runs and is charged (M4).
            let isOurs = envelope.errors.contains { $0.names(question) } || (200..<300).contains(response.status)
            let tellsNothing = !isOurs || failure.kind == .unauthorized || failure.code == "taskFailedOrNotFound"
            if tellsNothing, result.images.isEmpty { return .unknown }
            if !working, !tellsNothing { return .ended(result) }
            result.failure = nil
        }
        guard (200..<300).contains(response.status) || !result.images.isEmpty else { return .unknown }
        return .running(result, working: working)
    }

    /// The answer to `getTaskDetails`: the archived reply stands under `response`, whose exact shape is not documented.
    static func archived(_ response: HTTPResponse, _ question: Question) -> Recovery {
        guard (200..<300).contains(response.status), let envelope = envelope(response),
            let item = envelope.data.first(where: { $0.belongs(to: question) && $0.extra["response"] != nil }),
            let reply = item.extra["response"], let bytes = try? JSON.encode(reply)
        else { return .unknown }
        var result = base(response)
        if let inner = try? JSON.decode(RunwareEnvelope.self, from: bytes) {
            read(inner, into: &result, question, response)
        } else if let single = try? JSON.decode(RunwareItem.self, from: bytes), single.isFinished {
            result.images = [image(single, question)]
            result.cost = cost(of: [single])
        }
        if result.images.isEmpty, result.failure == nil { return .unknown }
        // The archive may show a task that still runs: fewer pictures without an error are not its end.
        if result.images.count < question.count, result.failure == nil { return .running(result, working: false) }
        return .ended(result)
    }

    // MARK: - Parts

    private static func base(_ response: HTTPResponse) -> ProviderResult {
        ProviderResult(
            httpStatus: response.status,
            timings: PhaseTimings(response.timings),
            providerRequestID: response.fields["x-request-id"].map { String($0.prefix(200)) }
        )
    }

    private static func envelope(_ response: HTTPResponse) -> RunwareEnvelope? {
        try? JSON.decode(RunwareEnvelope.self, from: response.body)
    }

    private static func read(
        _ envelope: RunwareEnvelope,
        into result: inout ProviderResult,
        _ question: Question,
        _ response: HTTPResponse
    ) {
        // Replies come in any order and may be repeated by polls: one item for each picture (reference/runware.md 1).
        var seen: Set<String> = []
        let finished = envelope.data.filter { item in
            guard item.belongs(to: question), item.isFinished else { return false }
            guard let id = item.imageUUID else { return true }
            return seen.insert(id).inserted
        }
        result.images = finished.map { image($0, question) }
        result.cost = cost(of: finished)
        for item in finished {
            result.extra.merge(item.extra.filter { $0.key != "structuredPrompt" }) { old, _ in old }
        }
        var errors = envelope.errors.filter { $0.concerns(question) }
        errors += envelope.data.filter { $0.belongs(to: question) }.compactMap(\.error)
        let failures = errors.map {
            RunwareErrors.failure(
                $0,
                httpStatus: response.status,
                retryAfter: response.fields.retryAfter,
                secrets: question.secrets
            )
        }
        // A refusal decides the call, so it is told before anything else that went wrong (R2).
        result.failure = failures.first { $0.kind == .refused } ?? failures.first
    }

    private static func image(_ item: RunwareItem, _ question: Question) -> ProviderImage {
        let content: ProviderImage.Content
        if let text = item.imageBase64Data {
            // What cannot be decoded is a picture that cannot be read, not one that is kept back.
            content = .bytes(Data(base64Encoded: text).map { [UInt8]($0) } ?? [])
        } else if let uri = item.imageDataURI {
            content = .bytes(DataURI.decode(uri) ?? [])
        } else if let url = item.imageURL {
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
            cost: item.cost.flatMap(Money.init(providerUSD:))
        )
    }

    /// No field of the reply is documented for the check's result. A boolean whose name speaks of copyright is taken at
    /// its word; otherwise it cannot be told (reference/runware.md 7).
    private static func copyright(_ item: RunwareItem, _ question: Question) -> CopyrightVerdict {
        guard case .asked = question.copyright else { return .notRequested }
        for (key, value) in item.extra where key.lowercased().contains("copyright") {
            if let flag = value.boolValue { return flag ? .flagged : .clear }
        }
        return .undetermined
    }

    /// Sum of the items' costs; nil as soon as one has none (M1).
    private static func cost(of items: [RunwareItem]) -> Money? {
        items.isEmpty ? nil : Money.sum(items.map { $0.cost.flatMap(Money.init(providerUSD:)) })
    }

    private static func unreadable(_ response: HTTPResponse) -> ProviderFailure {
        guard !(200..<300).contains(response.status) else {
            return ProviderFailure(
                .garbled,
                code: "garbled_response",
                message: "Runware's answer is not the JSON that its documents describe.",
                httpStatus: response.status
            )
        }
        return ProviderFailure(
            RunwareErrors.kind(httpStatus: response.status),
            code: "http_\(response.status)",
            message: "Runware answered with status \(response.status).",
            httpStatus: response.status,
            // Not Runware's own words: a proxy in between may say so while the task goes on. Asking for it costs little.
            billing: response.status >= 500 ? .unknown : nil,
            retryAfter: response.fields.retryAfter
        )
    }

    private static func nothing(_ response: HTTPResponse) -> ProviderFailure {
        guard (200..<300).contains(response.status) else { return unreadable(response) }
        return ProviderFailure(
            .empty,
            code: "no_images",
            message: "Runware reported success without a picture.",
            httpStatus: response.status
        )
    }
}

extension RunwareItem {
    /// Items without a task id are taken as ours: a request carries one task only.
    fileprivate func belongs(to question: RunwareReading.Question) -> Bool {
        taskUUID.map { $0.lowercased() == question.taskID.text } ?? true
    }
}

extension RunwareError {
    fileprivate func concerns(_ question: RunwareReading.Question) -> Bool {
        taskUUID.map { $0.lowercased() == question.taskID.text } ?? true
    }

    fileprivate func names(_ question: RunwareReading.Question) -> Bool {
        taskUUID?.lowercased() == question.taskID.text
    }
}
