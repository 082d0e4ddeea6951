import EaselBase
import EaselCalls
import EaselCore
import EaselGateway
import EaselSandbox
import EaselServer
import EaselTransport
import Foundation
import Testing
import TestKit
import TestTools

/// What must not cost anything: each input gets its documented answer, nothing is sent, billed or written.
struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: JSONValue
        let faults: Set<String>

        init(_ name: String, _ more: [String: JSONValue], _ faults: Set<String>) {
            testDescription = name
            body = .object(House.request(more))
            self.faults = faults
        }
    }

    private static func base64(_ bytes: [UInt8]) -> JSONValue { .string(Data(bytes).base64EncodedString()) }

    static let cases: [Case] = [
        Case("wrong types", ["count": "4", "strict": 1, "tags": []], ["count", "strict", "tags"]),
        Case("unknown fields", ["colour": "red", "n": 1], ["colour", "n"]),
        Case("a model that is not there", ["model": "ideogram-9"], ["model"]),
        Case("no prompt", ["prompt": .null], ["prompt"]),
        Case("a prompt that is too long", ["prompt": .string(String(repeating: "x", count: 2049))], ["prompt"]),
        Case("no image", ["image": .null], ["image"]),
        Case("no base64", ["image": "not base64!"], ["image"]),
        Case("a data URI without an image", ["image": "data:image/png;base64,"], ["image"]),
        Case("text named as an image", ["image": base64(Array("I am an image, honestly.".utf8))], ["image"]),
        Case(
            "an image that claims too much",
            ["image": base64(SampleImage.lyingPNG(width: 60_000, height: 60_000))],
            ["image"]
        ),
        Case("half an image", ["image": base64(Array(SampleImage.bytes().prefix(20)))], ["image"]),
        Case("a private URL", ["image": "http://127.0.0.1:1/a.png"], ["image"]),
        Case("a URL of the cloud's metadata", ["image": "http://169.254.169.254/latest/meta-data/"], ["image"]),
        Case("a private name", ["image": "http://localhost:1/a.png"], ["image"]),
        Case("another scheme", ["image": "file:///etc/passwd"], ["image"]),
        Case("a size that is not offered", ["width": 1000, "height": 1000], ["width"]),
        Case("half a size", ["width": 1024], ["height"]),
        Case("too many", ["count": 21], ["count"]),
        Case("a strength out of range", ["strength": .number(Decimal(15) / 10)], ["strength"]),
        Case("a parameter of another model", ["style_preset": "WATERCOLOR", "seed": 1], ["style_preset", "seed"]),
        Case("money as a number", ["max_cost_usd": 1], ["max_cost_usd"]),
        Case("an output that is not there", ["output": ["format": "gif", "quality": 5, "x": 1]], ["output"]),
        Case("a policy that is not configured", ["policy": "nonsense"], ["policy"]),
        Case(
            "everything at once",
            ["model": 1, "prompt": 2, "image": 3, "count": 0, "x": 1],
            ["model", "prompt", "image", "count", "x"]
        ),
    ]

    /// Nothing reached a provider, nothing was billed, nothing is on record.
    private func expectNothingSpent(_ house: House) async throws {
        #expect(house.submissions() == 0)
        #expect(house.sandbox.billing.entries.isEmpty)
        let calls = try await house.get("/v1/calls")
        #expect(calls["calls"]?.arrayValue?.isEmpty == true)
    }

    @Test func `each bad request names its faults, all at once`() async throws {
        try await House.with { house in
            for entry in Self.cases {
                let answer = try await house.post("/v1/remix", entry.body)
                let comment = Comment(rawValue: entry.testDescription)
                #expect(answer.status == 400, comment)
                #expect(answer.code == "invalid_request", comment)
                #expect(Set(answer.faults) == entry.faults, comment)
                #expect(answer.fields["Content-Type"] == "application/problem+json")
            }
            try await expectNothingSpent(house)
        }
    }

    @Test func `no fault repeats a secret or the image`() async throws {
        try await House.with { house in
            for entry in Self.cases {
                let text = String(decoding: try await house.post("/v1/remix", entry.body).body, as: UTF8.self)
                #expect(!text.contains(House.adminKey))
                #expect(!text.contains("sandbox-key"))
                #expect(!text.contains("iVBORw0KGgo"), "the image's bytes")
            }
        }
    }

    @Test func `malformed JSON is one fault of the body`() async throws {
        try await House.with { house in
            for text in ["", "{", "[]", "null", "{\"model\":\"ideogram-4.0\",,}", "{\"prompt\":\"\u{1}\"}", "\"text\""]
            {
                let answer = try await house.send(
                    "POST",
                    "/v1/remix",
                    fields: [("Content-Type", "application/json")],
                    body: Array(text.utf8)
                )
                #expect(answer.status == 400, "\(text)")
                #expect(answer.code == "invalid_request", "\(text)")
            }
            try await expectNothingSpent(house)
        }
    }

    /// One comparison of such a text takes minutes, on the loop that serves everybody.
    @Test func `a letter with a hundred thousand accents is refused at once, wherever it stands`() async throws {
        try await House.with { house in
            let tower = "a" + String(repeating: "\u{301}", count: 60_000)
            let began = SteadyInstant.now
            for (path, body) in [
                ("/v1/remix", "{\"model\":\"\(tower)\"}"), ("/v1/remix", "{\"\(tower)\":1,\"\(tower)\":2}"),
                ("/v1/remix", "{\"prompt\":\"ok\",\"policy\":\"\(tower)\"}"),
                ("/v1/remix", "{\"tags\":{\"\(tower)\":\"x\"}}"), ("/v1/route/explain", "{\"model\":\"\(tower)\"}"),
                ("/v1/route/simulate", "{\"policy\":\"\(tower)\"}"), ("/v1/teams", "{\"name\":\"\(tower)\"}"),
            ] {
                let answer = try await house.send(
                    "POST",
                    path,
                    fields: [("Content-Type", "application/json")],
                    body: Array(body.utf8)
                )
                #expect(answer.status == 400 && answer.code == "invalid_request", "\(path)")
            }
            let escapes = String(repeating: "%CC%81", count: 2_000)
            for path in ["/v1/calls?team=a\(escapes)", "/v1/a\(escapes)", "/v1/reports/usage?a\(escapes)=1"] {
                let answer = try await house.send("GET", path)
                #expect([400, 404].contains(answer.status), "\(path.prefix(20))")
            }
            var form = FormBody()
            form.add("model", tower)
            form.add("prompt", String(tower.prefix(1) + String(repeating: "\u{301}", count: 1_000)))
            form.addFile("image", SampleImage.bytes(), fileName: "a.png")
            let answer = try await house.send(
                "POST",
                "/v1/remix",
                fields: [("Content-Type", form.contentType)],
                body: form.body
            )
            #expect(answer.status == 400 && Set(answer.faults).isSuperset(of: ["prompt", "model"]))
            #expect(SteadyInstant.now.since(began) < .seconds(30))
            try await expectNothingSpent(house)
        }
    }

    @Test func `a form that is cut off, or has no boundary, is refused`() async throws {
        try await House.with { house in
            var form = FormBody()
            form.add("model", "ideogram-4.0")
            form.add("prompt", "a quiet harbour")
            form.addFile("image", SampleImage.bytes(), fileName: "a.png")
            let whole = form.body
            for length in [0, 10, whole.count / 2, whole.count - 5] {
                let answer = try await house.send(
                    "POST",
                    "/v1/remix",
                    fields: [("Content-Type", form.contentType)],
                    body: Array(whole.prefix(length))
                )
                #expect(answer.status == 400)
                #expect(answer.faults == ["body"])
            }
            let bare = try await house.send(
                "POST",
                "/v1/remix",
                fields: [("Content-Type", "multipart/form-data")],
                body: whole
            )
            #expect(bare.status == 400)
            var text = FormBody()
            text.add("model", "ideogram-4.0")
            text.add("prompt", "a quiet harbour")
            text.addFile("image", Array("hello".utf8), fileName: "image.png", type: "image/png")
            let named = try await house.send(
                "POST",
                "/v1/remix",
                fields: [("Content-Type", text.contentType)],
                body: text.body
            )
            #expect(named.faults == ["image"], "an image is what its bytes say (S5)")
            try await expectNothingSpent(house)
        }
    }

    @Test func `another media type is 415`() async throws {
        try await House.with { house in
            let body = try JSON.encode(JSONValue.object(House.request()))
            for type in ["text/plain", "application/x-www-form-urlencoded", "image/png", nil] {
                let answer = try await house.send(
                    "POST",
                    "/v1/remix",
                    fields: type.map { [("Content-Type", $0)] } ?? [],
                    body: body
                )
                #expect(answer.status == 415, "\(type ?? "none")")
                #expect(answer.code == "unsupported_media_type")
            }
            try await expectNothingSpent(house)
        }
    }

    @Test func `a body or an image that is too large is told so`() async throws {
        var plan = House.Plan()
        plan.settings = { $0.limits.requestBytes = 200_000 }
        plan.calls = { $0.limits.imageBytes = 20_000 }
        try await House.with(plan) { house in
            let large = [UInt8](repeating: 0x20, count: 3 << 20)
            for type in ["application/json", "multipart/form-data; boundary=x"] {
                let answer = try await house.send("POST", "/v1/remix", fields: [("Content-Type", type)], body: large)
                #expect(answer.status == 413)
                #expect(answer.code == "too_large")
            }
            var form = FormBody()
            form.add("model", "ideogram-4.0")
            form.add("prompt", "a quiet harbour")
            form.addFile("image", [UInt8](repeating: 7, count: 20_001))
            let answer = try await house.send(
                "POST",
                "/v1/remix",
                fields: [("Content-Type", form.contentType)],
                body: form.body
            )
            #expect(answer.status == 400)
            #expect(answer.faults == ["image"])
            try await expectNothingSpent(house)
        }
    }

    @Test func `a redirect to a private address is not followed`() async throws {
        let server = HTTPServer(group: House.group, configuration: HTTPServerConfiguration(), log: .silent) { request in
            switch request.path {
            case "/private": ServerResponse(status: 302, fields: ["Location": "http://127.0.0.2:1/a.png"])
            case "/large": .bytes([UInt8](repeating: 0, count: 200_000), type: "image/png")
            case "/text": .text("no image")
            case "/image": .bytes(SampleImage.bytes(), type: "text/plain")
            default: .text("no", status: 404)
            }
        }
        let origin = "http://127.0.0.1:\(try server.start())"
        var plan = House.Plan()
        plan.calls = { settings in
            settings.fetch.allowNetworks = [IPNetwork("127.0.0.1/32")].compactMap(\.self)
            settings.fetch.maxBytes = 100_000
        }
        try await House.with(plan) { house in
            for path in ["/private", "/large", "/text", "/missing"] {
                let answer = try await house.remix(["image": .string(origin + path)])
                #expect(answer.status == 400, "\(path)")
                #expect(answer.faults == ["image"], "\(path)")
            }
            try await expectNothingSpent(house)
            #expect(try await house.remix(["image": .string(origin + "/image")]).status == 200)
        }
        await server.drain(grace: .zero)
    }

    @Test func `no key, a wrong key, and another team's call`() async throws {
        try await House.with { house in
            for key in [nil, "esl_nonsense-that-is-long-enough", ""] {
                let answer = try await house.remix(key: key)
                #expect(answer.status == 401)
                #expect(answer.code == "unauthenticated")
                #expect(answer.fields["WWW-Authenticate"] == "Bearer")
            }
            try await expectNothingSpent(house)
            let design = try await house.key(team: "design")
            let finance = try await house.key(team: "finance")
            let call = try await house.remix(key: design.key)
            #expect(try await house.get("/v1/calls/\(call.id)", key: design.key).status == 200)
            let foreign = try await house.get("/v1/calls/\(call.id)", key: finance.key)
            #expect(foreign.status == 404)
            #expect(foreign.code == "not_found")
            #expect(try await house.get("/v1/calls", key: finance.key)["calls"]?.arrayValue?.isEmpty == true)
            #expect(try await house.get("/v1/calls?team=design", key: finance.key).status == 403)
            #expect(try await house.get("/v1/reports/usage?team=design", key: finance.key).status == 403)
            for (method, path) in [
                ("GET", "/v1/keys"), ("POST", "/v1/keys"), ("GET", "/v1/teams"), ("POST", "/v1/teams"),
                ("GET", "/v1/prices"),
            ] {
                let answer = try await house.send(method, path, key: design.key)
                #expect(answer.status == 403, "\(method) \(path)")
                #expect(answer.code == "forbidden")
            }
        }
    }

    static let paths: [(method: String, path: String, status: Int)] = [
        ("GET", "/v1/remix", 405), ("PUT", "/v1/calls", 405), ("GET", "/v1/nothing", 404), ("GET", "/v1/calls/x", 404),
        ("GET", "/v1/calls/01931c2e-7a00-7000-8000-000000000000", 404), ("DELETE", "/v1/keys/x", 404),
        ("GET", "/v1/calls?limit=0", 400), ("GET", "/v1/calls?status=done", 400), ("GET", "/v1/calls?cursor=x", 400),
        ("GET", "/v1/calls?nonsense=1", 400), ("GET", "/v1/calls?since=yesterday", 400),
        ("GET", "/v1/reports/usage?group_by=colour", 400), ("GET", "/v1/reports/usage?timezone=Moon", 400),
        ("GET", "/v1/artifacts/2026-01-01/x.jpg", 403), ("GET", "/v1/artifacts/..%2F..%2Fadmin-key/x", 403),
    ]

    @Test func `every other path answers with a problem`() async throws {
        try await House.with { house in
            for (method, path, status) in Self.paths {
                let answer = try await house.send(method, path)
                #expect(answer.status == status, "\(method) \(path)")
                #expect(answer.code != nil, "\(method) \(path)")
            }
        }
    }
}
