import EaselBase
import EaselCore
import Foundation

/// Rows of calls, attempts and images as the values that callers read.
enum CallReader {
    /// What `call` reads, in its order. The tables are `c` (calls) and `t` (teams).
    static let columns = """
        c.call_id, c.team_id, t.name, c.key_id, c.received_at, c.project, c.tags, c.policy, c.model, c.provider,
        c.status, c.error_code, c.images_requested, c.images_delivered, c.cost_nusd, c.cost_basis, c.estimated_nusd,
        c.latency_ms, c.attempts, c.failover
        """

    /// What a call's own row does not hold.
    struct Parts {
        var attempts: [CallDetail.Attempt] = []
        var images: [ImageRecord] = []
        var translation: [TranslationEntry] = []
        var prompt: String?
        var plan: JSONValue?
        var parameters: JSONValue?
        var errorDetail: String?
        var answer: String?
        var shadow: ShadowSummary?
    }

    static func call(_ cells: [SQLValue], _ parts: Parts = Parts()) throws(PostgresError) -> CallDetail {
        var row = RowReader(cells)
        let callID = try row.uuid()
        let teamID = try row.int64()
        let team = try row.text()
        let keyID = try row.uuid()
        var detail = CallDetail(
            key: CallKey(teamID: teamID, receivedAt: try row.time(), callID: callID),
            team: team,
            keyID: keyID,
            project: try row.optionalText(),
            tags: try row.optionalJSON([String: String].self) ?? [:],
            policy: try row.text(),
            model: try row.word(RemixModel.self),
            provider: try row.optionalText(),
            status: try row.word(CallStatus.self),
            errorCode: try row.optionalText(),
            imagesRequested: try row.int(),
            imagesDelivered: try row.int(),
            charge: try row.cost(),
            estimated: try row.optionalMoney(),
            latencyMs: try row.optionalInt(),
            attemptCount: try row.int(),
            failover: try row.bool(),
            attempts: parts.attempts,
            images: parts.images,
            translation: parts.translation,
            prompt: parts.prompt,
            plan: parts.plan,
            parameters: parts.parameters,
            errorDetail: parts.errorDetail,
            answer: parts.answer
        )
        detail.shadow = parts.shadow
        return detail
    }

    /// The statements that read a call's parts, in the order that `parts` takes their results.
    static func partCommands(_ call: CallKey) -> [SQLCommand] {
        let key = CallStatements.parts(of: call)
        return [
            SQLCommand(
                """
                SELECT attempt_id, ordinal, provider, provider_model, task_id, started_at, outcome, reason, error_code,
                    http_status, sent, cost_nusd, cost_basis, total_ms, duplicate_risk, dns_ms, connect_ms, tls_ms,
                    first_byte_ms
                FROM attempts WHERE team_id = $1 AND call_id = $2 AND started_at >= $3 AND started_at < $4
                ORDER BY ordinal
                """,
                key
            ),
            SQLCommand(
                """
                SELECT image_id, call_id, attempt_id, team_id, ordinal, created_at, seed, nsfw, copyright, withheld,
                    width, height, format, bytes, sha256, provider_image_id, artifact, cost_nusd
                FROM images WHERE team_id = $1 AND call_id = $2 AND created_at >= $3 AND created_at < $4
                ORDER BY ordinal
                """,
                key
            ),
            SQLCommand(
                """
                SELECT prompt, plan, translation, parameters, error_detail, answer FROM call_payloads
                WHERE team_id = $1 AND received_at = $2 AND call_id = $3
                """,
                call.values
            ),
            ShadowStatements.summary(key),
        ]
    }

    static func parts(_ results: [SQLResult]) throws(PostgresError) -> Parts {
        guard results.count == 4 else { throw PostgresError(.unexpected, message: "a call has four parts") }
        var parts = Parts()
        parts.attempts = try results[0].rows.map { (cells) throws(PostgresError) in try attempt(cells) }
        parts.images = try results[1].rows.map { (cells) throws(PostgresError) in try image(cells) }
        if let cells = results[2].rows.first {
            var row = RowReader(cells)
            parts.prompt = try row.optionalText()
            parts.plan = try row.optionalJSON(JSONValue.self)
            parts.translation = try row.optionalJSON([TranslationEntry].self) ?? []
            parts.parameters = try row.optionalJSON(JSONValue.self)
            parts.errorDetail = try row.optionalText()
            parts.answer = try row.optionalJSONText()
        }
        parts.shadow = try results[3].rows.first.map { (cells) throws(PostgresError) in
            try ShadowStatements.summary(cells)
        }
        return parts
    }

    private static func attempt(_ cells: [SQLValue]) throws(PostgresError) -> CallDetail.Attempt {
        var row = RowReader(cells)
        return CallDetail.Attempt(
            attemptID: try row.uuid(),
            ordinal: try row.int(),
            provider: try row.text(),
            providerModel: try row.text(),
            taskID: try row.uuid().text,
            startedAt: try row.time(),
            outcome: try row.word(AttemptOutcome.self),
            reason: try row.optionalText(),
            errorCode: try row.optionalText(),
            httpStatus: try row.optionalInt(),
            sent: try row.optionalBool(),
            charge: try row.cost(),
            // Cut, not rounded, as in the answer that the caller got.
            totalMs: try row.optionalDouble().map { Int(saturating: $0) },
            duplicateRisk: try row.bool(),
            phases: PhaseTimings(
                dns: try row.optionalDouble().map { .milliseconds($0) },
                connect: try row.optionalDouble().map { .milliseconds($0) },
                tls: try row.optionalDouble().map { .milliseconds($0) },
                firstByte: try row.optionalDouble().map { .milliseconds($0) }
            )
        )
    }

    private static func image(_ cells: [SQLValue]) throws(PostgresError) -> ImageRecord {
        var row = RowReader(cells)
        let imageID = try row.uuid()
        let callID = try row.uuid()
        let attemptID = try row.uuid()
        let teamID = try row.int64()
        let ordinal = try row.int()
        let createdAt = try row.time()
        let seed = try row.optionalInt()
        let nsfw = try row.optionalBool()
        let copyright = try row.word(CopyrightVerdict.self)
        let withheld = try row.bool()
        let width = try row.optionalInt()
        let height = try row.optionalInt()
        return ImageRecord(
            imageID: imageID,
            callID: callID,
            attemptID: attemptID,
            teamID: teamID,
            ordinal: ordinal,
            createdAt: createdAt,
            seed: seed,
            nsfw: nsfw,
            copyright: copyright,
            withheld: withheld,
            size: width.flatMap { width in height.map { PixelSize(width: width, height: $0) } },
            format: try row.optionalWord(ImageFormat.self),
            bytes: try row.optionalInt(),
            sha256: try row.optionalBytes(),
            providerImageID: try row.optionalText(),
            artifact: try row.optionalText(),
            cost: try row.optionalMoney()
        )
    }
}
