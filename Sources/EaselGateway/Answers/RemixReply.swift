import EaselBase
import EaselCore
import Foundation

/// What a caller gets for a remix, and what `GET /v1/calls/{id}` shows of it later (contract section 4).
///
/// Written by hand, not by `Encodable`: it is written once for every call, in an order that people can read.
struct RemixReply: JSONWritable, Sendable, MaybeCharged {
    struct Image: JSONWritable, Sendable {
        /// Of the three forms only the requested one is present.
        var url: String?
        var base64: String?
        var dataURI: String?
        var width: Int?
        var height: Int?
        var format: String?
        var seed: Int?
        var nsfw: Bool?
        var copyright: CopyrightVerdict
        var withheld: Bool

        func write(to text: inout JSONText) {
            text.object { text in
                if let url { text.member("url", url) }
                if let base64 { text.member("base64", base64) }
                if let dataURI { text.member("data_uri", dataURI) }
                text.member("width", width)
                text.member("height", height)
                text.member("format", format)
                text.member("seed", seed)
                text.member("nsfw", nsfw)
                text.member("copyright", copyright.rawValue)
                text.member("withheld", withheld)
            }
        }
    }

    struct Attempt: JSONWritable, Sendable, MaybeCharged {
        var id: String
        var provider: String
        var outcome: AttemptOutcome
        var reason: String?
        var errorCode: String?
        var httpStatus: Int?
        var startedAt: Timestamp
        var latencyMs: Int?
        var charge: Cost.Recorded
        var duplicateRisk: Bool
        var phases: PhaseTimings

        func write(to text: inout JSONText) {
            text.object { text in
                text.member("id", id)
                text.member("provider", provider)
                text.member("outcome", outcome.rawValue)
                text.member("reason", reason)
                if let errorCode { text.member("error_code", errorCode) }
                if let httpStatus { text.member("http_status", httpStatus) }
                text.member("started_at", startedAt.description)
                text.member("latency_ms", latencyMs)
                text.member("cost_usd", cost?.usd)
                text.member("cost_basis", costBasis?.rawValue)
                if duplicateRisk { text.member("duplicate_risk", true) }
                writePhases(to: &text)
            }
        }

        /// Whole microseconds, as the log keeps them: a look-up from memory takes less than a millisecond.
        private func writePhases(to text: inout JSONText) {
            let known = [
                ("dns_ms", phases.dns), ("connect_ms", phases.connect), ("tls_ms", phases.tls),
                ("first_byte_ms", phases.firstByte),
            ]
            .filter { $0.1 != nil }
            guard !known.isEmpty else { return }
            text.key("phases")
            text.object { text in
                for case (let name, let time?) in known {
                    let micros = max(0, (time.nanoseconds + 500) / 1000)
                    let fraction = String(micros % 1000)
                    let zeros = String(repeating: "0", count: 3 - fraction.count)
                    text.key(name)
                    text.raw(Array("\(micros / 1000).\(zeros)\(fraction)".utf8))
                }
            }
        }
    }

    /// What a call's row tells beyond the answer.
    struct Record: Sendable {
        var receivedAt: Timestamp
        var team: String
        var keyID: String
        var project: String?
        var tags: [String: String]
        var policy: String
        var errorCode: String?
        var imagesRequested: Int
        var imagesDelivered: Int
        var estimated: Money?
        var failover: Bool
        var attemptCount: Int
        var prompt: String?
        var plan: JSONValue?
        var shadow: ShadowSummary?
    }

    var id: String
    var status: CallStatus
    var model: RemixModel
    var provider: String?
    var images: [Image]
    var charge: Cost.Recorded
    var latencyMs: Int?
    var attempts: [Attempt]
    var translation: [TranslationEntry]
    /// Only where calls are read back.
    var record: Record?
    /// False in lists, which do not read the parts of each call.
    var hasParts = true

    func write(to text: inout JSONText) {
        text.object { text in
            text.member("id", id)
            text.member("status", status.rawValue)
            text.member("model", model.rawValue)
            text.member("provider", provider)
            if hasParts { text.member("images", images) }
            text.member("cost_usd", cost?.usd)
            text.member("cost_basis", costBasis?.rawValue)
            text.member("latency_ms", latencyMs)
            if hasParts {
                text.member("attempts", attempts)
                text.member("translation", translation)
            }
            if let record { Self.write(record, to: &text) }
        }
    }

    private static func write(_ record: Record, to text: inout JSONText) {
        text.member("received_at", record.receivedAt.description)
        text.member("team", record.team)
        text.member("key_id", record.keyID)
        text.member("project", record.project)
        text.member("tags", record.tags)
        text.member("policy", record.policy)
        text.member("error_code", record.errorCode)
        text.member("images_requested", record.imagesRequested)
        text.member("images_delivered", record.imagesDelivered)
        text.member("estimated_usd", record.estimated?.usd)
        text.member("failover", record.failover)
        text.member("attempt_count", record.attemptCount)
        if let prompt = record.prompt { text.member("prompt", prompt) }
        if let plan = record.plan { text.member("plan", plan) }
        if let shadow = record.shadow { write(shadow, to: &text) }
    }

    private static func write(_ shadow: ShadowSummary, to text: inout JSONText) {
        text.key("shadow")
        text.object { text in
            text.member("id", shadow.shadowID.text)
            text.member("provider", shadow.provider)
            text.member("started_at", shadow.startedAt.description)
            text.member("outcome", shadow.outcome.rawValue)
            text.member("reason", shadow.reason)
            text.member("error_code", shadow.errorCode)
            text.member("images_asked", shadow.imagesAsked)
            text.member("images_returned", shadow.imagesReturned)
            text.member("cost_usd", shadow.cost?.usd)
            text.member("cost_basis", shadow.costBasis?.rawValue)
            text.member("latency_ms", shadow.totalMs)
        }
    }
}

extension RemixReply.Attempt {
    init(_ end: AttemptEnd) {
        id = end.start.attemptID.text
        provider = end.start.provider
        outcome = end.outcome
        reason = end.reason
        errorCode = end.errorCode
        httpStatus = end.httpStatus
        startedAt = end.start.startedAt
        latencyMs = end.timings.total.map { Int($0.milliseconds) }
        charge = Cost.Recorded(end.charge)
        duplicateRisk = end.start.duplicateRisk
        phases = end.timings
    }

    init(_ attempt: CallDetail.Attempt) {
        id = attempt.attemptID.text
        provider = attempt.provider
        outcome = attempt.outcome
        reason = attempt.reason
        errorCode = attempt.errorCode
        httpStatus = attempt.httpStatus
        startedAt = attempt.startedAt
        latencyMs = attempt.totalMs
        charge = attempt.charge
        duplicateRisk = attempt.duplicateRisk
        phases = attempt.phases
    }
}

extension RemixReply {
    /// Bytes of the images that it carries itself.
    var weight: Int { images.reduce(0) { $0 + ($1.base64?.utf8.count ?? 0) + ($1.dataURI?.utf8.count ?? 0) } }
}
