package import EaselBase
package import Foundation

/// Each act in the words of the audit, once for all ledgers.
extension AuditEvent {
    private static func text(_ text: String?) -> JSONValue { text.map { JSONValue.string($0) } ?? JSONValue.null }

    // MARK: - People

    package static func created(_ team: TeamRecord, by actor: String, at moment: Timestamp) -> AuditEvent {
        AuditEvent(.createTeam, "team:\(team.name)", by: actor, at: moment, after: values(team))
    }

    package static func changed(
        _ before: TeamRecord,
        _ after: TeamRecord,
        by actor: String,
        at moment: Timestamp
    ) -> AuditEvent {
        AuditEvent(
            .changeTeam,
            "team:\(after.name)",
            by: actor,
            at: moment,
            before: values(before),
            after: values(after)
        )
    }

    private static func values(_ team: TeamRecord) -> JSONValue {
        [
            "allow_unpriced": .bool(team.allowsUnpriced),
            "known_projects": team.knownProjects.map { JSONValue.array($0.map { JSONValue.string($0) }) }
                ?? JSONValue.null,
        ]
    }

    package static func created(_ key: KeyRecord, by actor: String) -> AuditEvent {
        AuditEvent(
            .createKey,
            "key:\(key.id.text)",
            by: actor,
            at: key.createdAt,
            after: [
                "team": .string(key.team), "role": .string(key.role.rawValue), "project": text(key.project),
                "project_bound": .bool(key.isProjectBound), "expires_at": text(key.expiresAt?.description),
                "requests_per_minute": key.requestsPerMinute.map { JSONValue.count($0) } ?? JSONValue.null,
                "max_concurrent": key.maxConcurrent.map { JSONValue.count($0) } ?? JSONValue.null,
                "inline_policies": .bool(key.inlinePolicies),
            ]
        )
    }

    /// `team`: whose key it was.
    package static func revoked(_ key: UUID, of team: String, by actor: String, at moment: Timestamp) -> AuditEvent {
        let values = { (isRevoked: Bool) -> JSONValue in ["team": .string(team), "revoked": .bool(isRevoked)] }
        return AuditEvent(
            .revokeKey,
            "key:\(key.text)",
            by: actor,
            at: moment,
            before: values(false),
            after: values(true)
        )
    }

    // MARK: - Money

    /// `before`, `after`: nil where there is none.
    package static func budget(
        _ action: Action,
        _ before: Budget?,
        _ after: Budget?,
        by actor: String,
        at moment: Timestamp
    ) -> AuditEvent {
        let named = after ?? before
        return AuditEvent(
            action,
            named.map { "\($0.scope.text) \($0.period.rawValue)" } ?? "",
            by: actor,
            at: moment,
            before: before.map(values),
            after: after.map(values)
        )
    }

    private static func values(_ budget: Budget) -> JSONValue {
        [
            "id": .string(budget.id.text), "terms": .string(budget.termsText),
            "raise": budget.raise.map(values) ?? JSONValue.null,
        ]
    }

    private static func values(_ raise: BudgetRaise) -> JSONValue {
        [
            "by": .string(raise.by.text), "from": .string(raise.from.description),
            "until": .string(raise.until.description),
        ]
    }

    /// Lines of the price book that are listed; of the others only the number is told.
    private static let mostLines = 100

    /// `written`: each with the price before; nil where there was none.
    package static func prices(
        _ written: [(entry: PriceEntry, before: Money?)],
        by actor: String,
        at moment: Timestamp
    ) -> AuditEvent {
        func line(_ entry: PriceEntry, _ price: Money?) -> JSONValue {
            [
                "provider": .string(entry.provider), "model": .string(entry.model.rawValue),
                "rendering_speed": text(entry.renderingSpeed?.rawValue),
                "character_reference": .bool(entry.characterReference),
                "effective_from": .string(entry.effectiveFrom.description), "usd_per_image": text(price?.usd),
            ]
        }
        return AuditEvent(
            .setPrices,
            "\(written.count) lines",
            by: actor,
            at: moment,
            before: .array(written.prefix(mostLines).map { line($0.entry, $0.before) }),
            after: .array(written.prefix(mostLines).map { line($0.entry, $0.entry.perImage) })
        )
    }

    // MARK: - The log

    /// The value of a tag may be a person's name, which is why it goes: it is not told.
    package static func redacted(
        _ redaction: Redaction,
        calls: Int,
        by actor: String,
        at moment: Timestamp
    ) -> AuditEvent {
        let whose = [
            redaction.callID.map { "call:\($0.text)" }, redaction.keyID.map { "key:\($0.text)" },
            redaction.teamID.map { "team_id:\($0)" }, redaction.tag.map { "tag:\($0.name)" },
            redaction.before.map { "before:\($0)" },
        ]
        return AuditEvent(
            .redactCalls,
            whose.compactMap(\.self).joined(separator: " "),
            by: actor,
            at: moment,
            after: ["redacted": .count(calls)]
        )
    }
}
