import EaselBase
import EaselCore
import Foundation
import Testing

@Suite("Keys as lists show them")
struct KeyRecordTests {
    private func record(_ id: UUID, project: String? = nil) -> KeyRecord {
        KeyRecord(
            id: id,
            team: "design",
            prefix: "esl_ABCD",
            role: .member,
            project: project,
            createdAt: Samples.now,
            expiresAt: project == nil ? nil : Samples.now + .seconds(60),
            revokedAt: nil,
            requestsPerMinute: project == nil ? nil : 60,
            maxConcurrent: nil,
            inlinePolicies: true
        )
    }

    @Test func `the id is written in lower case, and read in either`() throws {
        let id = try #require(UUID(uuidString: "3F6C1C52-8E0E-4D5B-9A55-6F2F3B7C0AEF"))
        let text = try JSON.text(record(id), sorted: true)
        #expect(text.contains(#""id":"3f6c1c52-8e0e-4d5b-9a55-6f2f3b7c0aef""#))
        for spelled in [text, text.replacingOccurrences(of: id.text, with: id.uuidString)] {
            #expect(try JSON.decode(KeyRecord.self, from: Array(spelled.utf8)) == record(id))
        }
    }

    @Test(arguments: [nil, "spring"])
    func `a record comes back as it was, and what is not set is null`(project: String?) throws {
        let record = record(UUID(), project: project)
        let value = try JSON.decode(JSONValue.self, from: try JSON.encode(record))
        #expect(
            Set(value.objectValue?.keys.map(\.self) ?? []) == [
                "id", "team", "prefix", "role", "project", "created_at", "expires_at", "revoked_at",
                "requests_per_minute", "max_concurrent", "inline_policies", "project_bound",
            ]
        )
        #expect(value["project"] == project.map { .string($0) } ?? .null && value["revoked_at"] == .null)
        #expect(
            try JSON.decode(KeyRecord.self, from: try JSON.encode([record]).dropFirst().dropLast().map(\.self))
                == record
        )
    }
}
