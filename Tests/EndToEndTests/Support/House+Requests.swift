import EaselBase
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation
import Testing
import TestKit
import TestTools

/// An answer with its body as JSON, where it is JSON.
struct Answer: Sendable {
    let status: Int
    let fields: HTTPFields
    let body: [UInt8]
    let json: JSONValue

    init(_ response: HTTPResponse) {
        status = response.status
        fields = response.fields
        body = response.body
        json = (try? JSON.decode(JSONValue.self, from: response.body)) ?? .null
    }

    subscript(_ name: String) -> JSONValue? { json[name] }

    /// `code` of a problem.
    var code: String? { json["code"]?.stringValue }
    /// The parameters that a problem names.
    var faults: [String] { (json["errors"]?.arrayValue ?? []).compactMap { $0["parameter"]?.stringValue } }
    var images: [JSONValue] { json["images"]?.arrayValue ?? [] }
    var attempts: [JSONValue] { json["attempts"]?.arrayValue ?? [] }
    /// The attempts without their times, which the record rounds and the answer cuts.
    var attemptFacts: [JSONValue] {
        attempts.map { attempt in
            .object((attempt.objectValue ?? [:]).filter { $0.key != "latency_ms" && $0.key != "phases" })
        }
    }
    var provider: String? { json["provider"]?.stringValue }
    var id: String { json["id"]?.stringValue ?? json["call_id"]?.stringValue ?? "" }
}

extension House {
    /// Sends one request with the operator's key, or another one, or none.
    func send(
        _ method: String,
        _ path: String,
        key: String? = House.adminKey,
        fields: [(String, String)] = [],
        body: [UInt8]? = nil,
        timeout: Duration = .seconds(60)
    ) async throws -> Answer {
        let authorization = key.map { [("Authorization", "Bearer \($0)")] } ?? []
        let target = path.hasPrefix("http") ? path : url + path
        return Answer(
            try await client.execute(
                HTTPRequest(
                    method: method,
                    url: target,
                    fields: HTTPFields(authorization + fields),
                    body: body,
                    timeouts: HTTPTimeouts(total: timeout)
                )
            )
        )
    }

    func get(_ path: String, key: String? = House.adminKey) async throws -> Answer {
        try await send("GET", path, key: key)
    }

    func post(
        _ path: String,
        _ body: JSONValue,
        key: String? = House.adminKey,
        fields: [(String, String)] = []
    ) async throws -> Answer {
        try await send(
            "POST",
            path,
            key: key,
            fields: [("Content-Type", "application/json")] + fields,
            body: try JSON.encode(body)
        )
    }

    /// A remix as JSON; `more` adds to the smallest request or changes it.
    func remix(
        _ more: [String: JSONValue] = [:],
        key: String? = House.adminKey,
        fields: [(String, String)] = []
    ) async throws -> Answer {
        try await post("/v1/remix", .object(Self.request(more)), key: key, fields: fields)
    }

    /// The smallest request with changes.
    static func request(_ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
        let smallest: [String: JSONValue] = [
            "model": "ideogram-4.0", "prompt": "a quiet harbour",
            "image": .string(Data(SampleImage.bytes()).base64EncodedString()),
        ]
        return smallest.merging(more) { _, new in new }
    }

    /// A remix as a form.
    func remixForm(_ texts: [(String, String)], image: [UInt8] = SampleImage.bytes()) async throws -> Answer {
        var form = FormBody()
        for (name, value) in texts { form.add(name, value) }
        form.addFile("image", image, fileName: "source.png", type: "image/png")
        return try await send("POST", "/v1/remix", fields: [("Content-Type", form.contentType)], body: form.body)
    }

    /// A team's key, made as an operator makes it.
    func key(team: String, _ more: [String: JSONValue] = [:]) async throws -> (key: String, id: String) {
        _ = try await post("/v1/teams", ["name": .string(team)])
        let made = try await post("/v1/keys", .object(["team": .string(team)].merging(more) { _, new in new }))
        return (try #require(made["key"]?.stringValue), try #require(made["id"]?.stringValue))
    }

    /// The call as it is on record.
    func call(_ id: String) async throws -> Answer { try await get("/v1/calls/\(id)") }

    /// The calls that are under way.
    func inProgress() async throws -> [String] {
        let list = try await get("/v1/calls?status=in_progress")
        return (list["calls"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
    }

    /// Waits until a call is settled.
    func settled(_ id: String) async throws -> Answer {
        for _ in 0..<2400 {
            let call = try await call(id)
            if call.status == 200, call["status"]?.stringValue != "in_progress" { return call }
            try await Task.sleep(for: .milliseconds(25))
        }
        Issue.record("the call was not settled in 15 seconds")
        return try await call(id)
    }

    /// The bytes of an image of an answer, whichever way it was given.
    func bytes(of image: JSONValue) async throws -> [UInt8] {
        if let text = image["base64"]?.stringValue { return [UInt8](try #require(Data(base64Encoded: text))) }
        if let uri = image["data_uri"]?.stringValue, let comma = uri.firstIndex(of: ",") {
            return [UInt8](try #require(Data(base64Encoded: String(uri[comma...].dropFirst()))))
        }
        let link = try #require(image["url"]?.stringValue)
        let answer = try await send("GET", link, key: nil)
        #expect(answer.status == 200)
        return answer.body
    }

    /// Remix requests that reached a provider, polls and downloads not counted.
    func submissions(_ provider: ProviderKind? = nil) -> Int {
        sandbox.journal.last.count { entry in
            // At Runware questions go to the same place and name no model.
            entry.method == "POST" && (entry.model != nil || entry.provider == .ideogram)
                && (provider == nil || entry.provider == provider)
        }
    }
}
