package import EaselBase
package import Foundation

/// One account at one provider: what it can do, and one exchange with it. No sleeping between tries, no retrying, no SQL.
package protocol Provider: Sendable {
    /// The name in the configuration.
    var name: String { get }
    var kind: ProviderKind { get }
    /// How many requests may be under way at once.
    var maxInFlight: Int { get }
    /// One attempt, from connect to last byte.
    var timeout: Duration { get }

    /// Keys and the like that must not come back in the provider's texts (S2).
    var secrets: [String] { get }
    /// Words that keys begin with and everybody may say. By default the kind's own.
    var keyNames: [String] { get }

    /// What this provider would make of the request, without sending anything.
    func translate(_ request: RemixRequest) -> ProviderTranslation

    /// Sends the task: one exchange, at most `task.timeout`. Failures are values.
    func perform(_ task: ProviderTask) async -> Exchange

    /// Asks once about an accepted task, for at most `timeout`.
    func poll(_ task: RecoverableTask, timeout: Duration) async -> Recovery

    /// Asks about a task whose answer is missing (R4, M7): as `poll`, and wherever else the provider keeps it.
    func recover(_ task: RecoverableTask, timeout: Duration) async -> Recovery

    /// The names under which it bills.
    var billingNames: BillingNames { get }

    /// Its own figures of usage and charges for the days of the span (UTC). `models` are those of the log.
    func usage(_ span: ReconciliationSpan, models: [String]) async -> ProviderUsage
}

extension Provider {
    package var billingNames: BillingNames { BillingNames() }

    package var secrets: [String] { [] }

    package var keyNames: [String] { [kind.rawValue] }

    package func usage(_ span: ReconciliationSpan, models: [String]) async -> ProviderUsage {
        .unsupported("\(name) has no usage figures that can be asked for.")
    }
}

/// The result of sending a task.
package indirect enum Exchange: Sendable {
    /// It is over: images, a failure, or some of both.
    case ended(ProviderResult)
    /// The provider is working on it and has to be polled; the result contains what the acknowledgement said.
    case accepted(ProviderResult)
}

/// What a provider would do with a request.
package struct ProviderTranslation: Sendable, Hashable {
    /// The provider's name of the model.
    package var providerModel: String
    /// One entry for each parameter that the request carries.
    package var entries: [TranslationEntry]
    /// How many images one request can ask for.
    package var imagesPerRequest: Int
    /// Whether our task id is also the provider's own id of the task.
    package var takesTaskID: Bool
    /// Why this provider cannot serve the request at all; nil if it can.
    package var impossible: String?

    package init(
        providerModel: String,
        entries: [TranslationEntry],
        imagesPerRequest: Int,
        takesTaskID: Bool = false,
        impossible: String? = nil
    ) {
        self.providerModel = providerModel
        self.entries = entries
        self.imagesPerRequest = imagesPerRequest
        self.takesTaskID = takesTaskID
        self.impossible = impossible
    }

    /// Parameters that would not be honoured exactly.
    package var losses: [TranslationEntry] { entries.filter { $0.action != .mapped } }
}

/// One request to a provider.
///
/// A class, as are the other large values of a call: thousands of calls wait at a time, and an async frame that holds a
/// value holds a copy of it for each.
package final class ProviderTask: Sendable {
    package let attemptID: UUID
    /// A version 4 UUID that the provider sees as our id of the task, if it accepts one.
    package let taskID: UUID
    package let request: RemixRequest
    /// How many images this request asks for.
    package let count: Int
    /// The time left for it.
    package let timeout: Duration
    /// What the provider is told of the trace that the request belongs to; nil: nothing.
    package let trace: TraceContext?

    package init(
        attemptID: UUID,
        taskID: UUID,
        request: RemixRequest,
        count: Int,
        timeout: Duration,
        trace: TraceContext? = nil
    ) {
        self.trace = trace
        self.attemptID = attemptID
        self.taskID = taskID
        self.request = request
        self.count = count
        self.timeout = timeout
    }

    /// The same task with this much less time.
    package func shortened(by duration: Duration) -> ProviderTask {
        ProviderTask(
            attemptID: attemptID,
            taskID: taskID,
            request: request,
            count: count,
            timeout: timeout - duration,
            trace: trace
        )
    }

    /// The same task as a part of a trace that the provider is told of.
    package func traced(_ trace: TraceContext?) -> ProviderTask {
        guard let trace else { return self }
        return ProviderTask(
            attemptID: attemptID,
            taskID: taskID,
            request: request,
            count: count,
            timeout: timeout,
            trace: trace
        )
    }
}

/// What is needed to ask about a task again, as it is in the log.
package struct RecoverableTask: Sendable, Hashable {
    package let taskID: UUID
    /// The provider's own id, when it was known.
    package let providerTaskID: String?
    package let model: RemixModel
    package let count: Int
    /// Whether the caller asked for copyright detection, which decides what a missing image means.
    package let copyrightDetection: Bool
    /// What the caller wrote, if available: it must not come back in the provider's texts.
    package let words: [String]

    package init(
        taskID: UUID,
        providerTaskID: String?,
        model: RemixModel,
        count: Int,
        copyrightDetection: Bool,
        words: [String] = []
    ) {
        self.words = words
        self.taskID = taskID
        self.providerTaskID = providerTaskID
        self.model = model
        self.count = count
        self.copyrightDetection = copyrightDetection
    }
}

/// The verdict of a copyright check on one image.
package enum CopyrightVerdict: String, Sendable, Hashable, Codable, CaseIterable {
    case notRequested = "not_requested"
    case clear
    case flagged
    /// It cannot be known: the image is withheld and the provider does not say why, or it says nothing about the check.
    case undetermined
}

/// One image as the provider gave it.
package struct ProviderImage: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case bytes([UInt8])
        /// To be downloaded before it expires, without the provider's key (S2).
        case link(String)
        /// The provider withholds the image.
        case withheld
    }

    package var content: Content
    package var seed: Int?
    /// Nil: not checked.
    package var nsfw: Bool?
    package var copyright: CopyrightVerdict
    package var providerImageID: String?
    /// The provider's own figure for this image; nil when it gave none.
    package var cost: Money?

    package init(
        content: Content,
        seed: Int? = nil,
        nsfw: Bool? = nil,
        copyright: CopyrightVerdict = .notRequested,
        providerImageID: String? = nil,
        cost: Money? = nil
    ) {
        self.content = content
        self.seed = seed
        self.nsfw = nsfw
        self.copyright = copyright
        self.providerImageID = providerImageID
        self.cost = cost
    }

    package var isWithheld: Bool { content == .withheld }
}

/// The end of one exchange: images, a failure, or some of both (R7).
package struct ProviderResult: Sendable {
    package var images: [ProviderImage]
    package var failure: ProviderFailure?
    /// The provider's own figure for all it returned; nil if it gave none or not for every image.
    package var cost: Money?
    package var httpStatus: Int?
    package var timings: PhaseTimings
    package var providerTaskID: String?
    /// The provider's id of the request in its own logs.
    package var providerRequestID: String?
    /// Unknown keys of the answer, kept for later.
    package var extra: [String: JSONValue]

    package init(
        images: [ProviderImage] = [],
        failure: ProviderFailure? = nil,
        cost: Money? = nil,
        httpStatus: Int? = nil,
        timings: PhaseTimings = PhaseTimings(),
        providerTaskID: String? = nil,
        providerRequestID: String? = nil,
        extra: [String: JSONValue] = [:]
    ) {
        self.images = images
        self.failure = failure
        self.cost = cost
        self.httpStatus = httpStatus
        self.timings = timings
        self.providerTaskID = providerTaskID
        self.providerRequestID = providerRequestID
        self.extra = extra
    }
}

/// Durations of the phases of one exchange; nil if a phase did not happen (a reused connection has no connect).
package struct PhaseTimings: Sendable, Hashable {
    package var dns: Duration?
    package var connect: Duration?
    package var tls: Duration?
    package var firstByte: Duration?
    /// From the answer's first byte to its last: for metrics and traces, the log does not keep it.
    package var body: Duration?
    package var total: Duration?

    package init(
        dns: Duration? = nil,
        connect: Duration? = nil,
        tls: Duration? = nil,
        firstByte: Duration? = nil,
        body: Duration? = nil,
        total: Duration? = nil
    ) {
        self.dns = dns
        self.connect = connect
        self.tls = tls
        self.firstByte = firstByte
        self.body = body
        self.total = total
    }
}

/// The result of asking again about a sent task.
///
/// Only `ended` says anything about money. All others leave the task's end open: an error about the question is not the
/// task's end (M4).
package indirect enum Recovery: Sendable {
    /// The task's end: images, or the provider's statement that this task failed.
    case ended(ProviderResult)
    /// The provider has not finished. The result contains the images that are already there (R7); `working` is whether
    /// the provider named the task as being worked on, not merely nothing.
    case running(ProviderResult, working: Bool)
    /// The question was not answered, or not by the provider. `pause`: how long not to ask again, if that was
    /// requested.
    case unknown(pause: AskingPause? = nil)
    /// The provider says that it has no such task.
    case absent
    /// There is no id to ask by: the outcome can never be known.
    case untraceable
}

/// How long not to ask a question again.
package struct AskingPause: Sendable, Hashable {
    package let duration: Duration
    /// Whether the provider itself asks for it, and so for all questions about the account. A pause requested by an
    /// intermediary applies to this question only.
    package let isOfAccount: Bool

    package init(_ duration: Duration, isOfAccount: Bool) {
        self.duration = duration
        self.isOfAccount = isOfAccount
    }
}

extension Recovery {
    /// The requested pause.
    package var pause: AskingPause? {
        if case .unknown(let pause) = self { pause } else { nil }
    }
}
