import EaselBase
import EaselCore
import Foundation

/// What a journal keeps: writes that the database did not take.
struct JournalRecord: Sendable {
    enum Content: Sendable {
        case settlement(Settlement)
        case starts([AttemptStart], ended: [AttemptEnd])
        case note(AttemptStart, providerTaskID: String)
    }

    let content: Content
    /// Why the database refused it, of one that was set aside.
    var refusal: String?

    init(_ content: Content) {
        self.content = content
    }

    /// Records of one team are replayed in order; those of different teams do not wait for each other.
    var teamID: Int64 {
        switch content {
        case .settlement(let settlement): settlement.teamID
        case .starts(let starts, let ended): starts.first?.teamID ?? ended.first?.start.teamID ?? 0
        case .note(let start, _): start.teamID
        }
    }

    var callID: UUID? {
        switch content {
        case .settlement(let settlement): settlement.callID
        case .starts(let starts, let ended): starts.first?.callID ?? ended.first?.start.callID
        case .note(let start, _): start.callID
        }
    }
}

extension JournalRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case settlement, starts, ended, note, refusal, providerTaskID = "provider_task_id"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        refusal = try container.decodeIfPresent(String.self, forKey: .refusal)
        if let settlement = try container.decodeIfPresent(SettlementEntry.self, forKey: .settlement) {
            content = .settlement(settlement.value)
        } else if let note = try container.decodeIfPresent(AttemptStartEntry.self, forKey: .note) {
            content = .note(note.value, providerTaskID: try container.decode(String.self, forKey: .providerTaskID))
        } else {
            content = .starts(
                try container.decode([AttemptStartEntry].self, forKey: .starts).map(\.value),
                ended: try container.decode([AttemptEndEntry].self, forKey: .ended).map(\.value)
            )
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(refusal, forKey: .refusal)
        switch content {
        case .settlement(let settlement):
            try container.encode(SettlementEntry(settlement), forKey: .settlement)
        case .starts(let starts, let ended):
            try container.encode(starts.map(AttemptStartEntry.init), forKey: .starts)
            try container.encode(ended.map(AttemptEndEntry.init), forKey: .ended)
        case .note(let start, let providerTaskID):
            try container.encode(AttemptStartEntry(start), forKey: .note)
            try container.encode(providerTaskID, forKey: .providerTaskID)
        }
    }
}
