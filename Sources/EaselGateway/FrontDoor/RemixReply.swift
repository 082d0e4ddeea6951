import EaselBase
import EaselCore
import Foundation

/// What a caller gets for a remix, and what `GET /v1/calls/{id}` shows of it later (contract section 4).
struct RemixReply: Encodable, Sendable {
    struct Image: Encodable, Sendable {
        var url: String?
        var base64: String?
        var data_uri: String?
        var width: Int?
        var height: Int?
        var format: String?
        var seed: Int?
        var nsfw: Bool?
        var copyright: CopyrightVerdict
        var withheld: Bool

        private enum CodingKeys: String, CodingKey {
            case url, base64, data_uri, width, height, format, seed, nsfw, copyright, withheld
        }

        /// What is not known is null, so that the keys are always there; of the three forms only the one asked for is.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(url, forKey: .url)
            try container.encodeIfPresent(base64, forKey: .base64)
            try container.encodeIfPresent(data_uri, forKey: .data_uri)
            try container.encode(width, forKey: .width)
            try container.encode(height, forKey: .height)
            try container.encode(format, forKey: .format)
            try container.encode(seed, forKey: .seed)
            try container.encode(nsfw, forKey: .nsfw)
            try container.encode(copyright, forKey: .copyright)
            try container.encode(withheld, forKey: .withheld)
        }
    }

    struct Attempt: Encodable, Sendable {
        var id: String
        var provider: String
        var outcome: AttemptOutcome
        var reason: String?
        var error_code: String?
        var http_status: Int?
        var started_at: Timestamp
        var latency_ms: Int?
        var cost_usd: Money?
        var cost_basis: CostBasis?
        var duplicate_risk: Bool

        private enum CodingKeys: String, CodingKey {
            case id, provider, outcome, reason, error_code, http_status, started_at, latency_ms, cost_usd, cost_basis
            case duplicate_risk
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(id, forKey: .id)
            try container.encode(provider, forKey: .provider)
            try container.encode(outcome, forKey: .outcome)
            try container.encode(reason, forKey: .reason)
            try container.encodeIfPresent(error_code, forKey: .error_code)
            try container.encodeIfPresent(http_status, forKey: .http_status)
            try container.encode(started_at, forKey: .started_at)
            try container.encode(latency_ms, forKey: .latency_ms)
            try container.encode(cost_usd, forKey: .cost_usd)
            try container.encode(cost_basis, forKey: .cost_basis)
            if duplicate_risk { try container.encode(true, forKey: .duplicate_risk) }
        }
    }

    var id: String
    var status: CallStatus
    var model: RemixModel
    var provider: String?
    var images: [Image]
    var cost_usd: Money?
    var cost_basis: CostBasis?
    var latency_ms: Int?
    var attempts: [Attempt]
    var translation: [TranslationEntry]
    /// Only where calls are read back.
    var record: Record?

    /// What a call's row tells beyond the answer.
    struct Record: Encodable, Sendable {
        var received_at: Timestamp
        var team: String
        var key_id: String
        var project: String?
        var tags: [String: String]
        var policy: String
        var error_code: String?
        var images_requested: Int
        var images_delivered: Int
        var estimated_usd: Money?
        var failover: Bool
        var attempt_count: Int
        var prompt: String?
        var plan: JSONValue?
    }

    private enum CodingKeys: String, CodingKey {
        case id, status, model, provider, images, cost_usd, cost_basis, latency_ms, attempts, translation
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(status, forKey: .status)
        try container.encode(model, forKey: .model)
        try container.encode(provider, forKey: .provider)
        try container.encode(images, forKey: .images)
        try container.encode(cost_usd, forKey: .cost_usd)
        try container.encode(cost_basis, forKey: .cost_basis)
        try container.encode(latency_ms, forKey: .latency_ms)
        try container.encode(attempts, forKey: .attempts)
        try container.encode(translation, forKey: .translation)
        try record?.encode(to: encoder)
    }
}

extension RemixReply.Attempt {
    init(_ end: AttemptEnd) {
        id = end.start.attemptID.text
        provider = end.start.provider
        outcome = end.outcome
        reason = end.reason
        error_code = end.errorCode
        http_status = end.httpStatus
        started_at = end.start.startedAt
        latency_ms = end.timings.total.map { Int($0.milliseconds) }
        cost_usd = end.cost
        cost_basis = end.costBasis
        duplicate_risk = end.start.duplicateRisk
    }

    init(_ attempt: CallDetail.Attempt) {
        id = attempt.attemptID.text
        provider = attempt.provider
        outcome = attempt.outcome
        reason = attempt.reason
        error_code = attempt.errorCode
        http_status = attempt.httpStatus
        started_at = attempt.startedAt
        latency_ms = attempt.totalMs
        cost_usd = attempt.cost
        cost_basis = attempt.costBasis
        duplicate_risk = attempt.duplicateRisk
    }
}
