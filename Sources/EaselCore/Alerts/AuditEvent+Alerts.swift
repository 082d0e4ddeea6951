package import EaselBase
import Foundation

/// The acts about alerts in the words of the audit.
extension AuditEvent {
    package static func muted(_ mute: AlertMute, by actor: String) -> AuditEvent {
        AuditEvent(.muteAlert, "rule:\(mute.rule)", by: actor, at: mute.createdAt, after: values(mute))
    }

    package static func ended(_ mute: AlertMute, by actor: String, at moment: Timestamp) -> AuditEvent {
        AuditEvent(.endMute, "rule:\(mute.rule)", by: actor, at: moment, before: values(mute))
    }

    private static func values(_ mute: AlertMute) -> JSONValue {
        [
            "id": .string(mute.id.text), "subject": mute.subject.map { JSONValue.string($0) } ?? JSONValue.null,
            "until": .string(mute.until.description),
        ]
    }
}
