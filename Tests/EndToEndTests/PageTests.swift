import EaselBase
import EaselCore
import EaselGateway
import EaselTransport
import Foundation
import Testing

/// The page's files and its sessions, as a browser sees them.
@Suite struct PageTests {
    private func cookie(_ answer: Answer) throws -> String {
        let field = try #require(answer.fields["Set-Cookie"])
        return String(field.prefix { $0 != ";" })
    }

    private func signIn(_ house: House, key: String) async throws -> String {
        let answer = try await house.post("/v1/session", ["key": .string(key)], key: nil)
        try #require(answer.status == 200)
        return try cookie(answer)
    }

    @Test func `the page is sent packed, and once`() async throws {
        try await House.with { house in
            for path in ["/", "/?view=spend&range=30d", "/assets/app.js", "/assets/chart.js"] {
                let plain = try await house.get(path, key: nil)
                #expect(plain.status == 200, "\(path)")
                #expect(plain.fields["Cache-Control"] == "no-cache")
                #expect(
                    plain.fields["Content-Security-Policy"]?.hasPrefix("default-src 'none'; script-src 'self';") == true
                )
                #expect(plain.fields["X-Content-Type-Options"] == "nosniff")
                #expect(plain.fields["Referrer-Policy"] == "no-referrer")
                let tag = try #require(plain.fields["ETag"])
                let again = try await house.send("GET", path, key: nil, fields: [("If-None-Match", tag)])
                #expect(again.status == 304 && again.body.isEmpty && again.fields["ETag"] == tag, "\(path)")
            }
            #expect(try await house.get("/", key: nil).fields["Content-Type"] == "text/html; charset=utf-8")
            let text = try await house.send("GET", "/", key: nil, fields: [("Accept", "application/json")])
            #expect(String(decoding: text.body, as: UTF8.self).contains("GET /v1/session"))
            for path in [
                "/assets/index.html", "/assets/nothing.js", "/assets/..%2Findex.html", "/assets/", "/index.html",
            ] {
                #expect(try await house.get(path, key: nil).status == 404, "\(path)")
            }
        }
    }

    @Test func `a session stands for its key until that is revoked`() async throws {
        try await House.with { house in
            let (key, id) = try await house.key(team: "design")
            let signedIn = try await house.post("/v1/session", ["key": .string(" \(key) ")], key: nil)
            #expect(signedIn.status == 200)
            #expect(signedIn["team"]?.stringValue == "design" && signedIn["role"]?.stringValue == "member")
            #expect(signedIn["key_id"]?.stringValue == id)
            #expect(signedIn["expires_at"]?.stringValue.flatMap { Timestamp($0) } != nil)
            let field = try #require(signedIn.fields["Set-Cookie"])
            for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] { #expect(field.contains(part)) }
            #expect(!field.contains("Secure") && !field.contains(key))
            let cookie = [("Cookie", try cookie(signedIn))]
            #expect(
                try await house.send("GET", "/v1/session", key: nil, fields: cookie)["team"]?.stringValue == "design"
            )
            #expect(try await house.send("GET", "/v1/budgets", key: nil, fields: cookie).status == 200)
            #expect(try await house.send("GET", "/v1/keys", key: nil, fields: cookie).code == "forbidden")
            // A key goes before the cookie, also one that is none.
            #expect(try await house.send("GET", "/v1/keys", fields: cookie).status == 200)
            #expect(try await house.send("GET", "/v1/session", key: "esl_none", fields: cookie).status == 401)
            let kept = try await house.rows(
                "SELECT count(*) FROM sessions WHERE encode(hash, 'hex') = '\(cookie[0].1.dropFirst(14))'"
            )
            #expect(kept == [["0"]])
            #expect(try await house.send("DELETE", "/v1/keys/\(id)").status == 204)
            #expect(try await house.send("GET", "/v1/session", key: nil, fields: cookie).status == 401)
        }
    }

    @Test func `another gateway knows the session, and signing out ends it`() async throws {
        try await House.with { house in
            let cookie = [("Cookie", try await signIn(house, key: House.adminKey))]
            var plan = House.Plan()
            plan.connectionString = house.connectionString
            let other = try await House(plan)
            #expect(try await other.send("GET", "/v1/teams", key: nil, fields: cookie).status == 200)
            let own = cookie + [("Sec-Fetch-Site", "same-origin")]
            #expect(try await house.send("DELETE", "/v1/session", key: nil, fields: cookie).code == "forbidden")
            let out = try await house.send("DELETE", "/v1/session", key: nil, fields: own)
            #expect(out.status == 204)
            #expect(out.fields["Set-Cookie"]?.contains("Max-Age=0") == true)
            #expect(try await house.send("GET", "/v1/teams", key: nil, fields: cookie).status == 401)
            #expect(try await house.send("DELETE", "/v1/session", key: nil).status == 204)
            await other.gateway.shutDown()
            await other.close()
        }
    }

    @Test func `another page changes nothing with the cookie`() async throws {
        try await House.with { house in
            let cookie = ("Cookie", try await signIn(house, key: House.adminKey))
            let json = ("Content-Type", "application/json")
            let body = Array(#"{"name":"stolen"}"#.utf8)
            let host = String(house.url.dropFirst("http://".count))
            for fields in [
                [], [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Sec-Fetch-Site", "none")],
                [("Origin", "https://evil.example")], [("Origin", "null")], [("Origin", "http://\(host).evil.example")],
            ] {
                let answer = try await house.send(
                    "POST",
                    "/v1/teams",
                    key: nil,
                    fields: [cookie, json] + fields,
                    body: body
                )
                #expect(answer.code == "forbidden", "\(fields)")
                #expect(answer["detail"]?.stringValue?.contains("Sec-Fetch-Site") == true)
            }
            #expect(try await house.rows("SELECT count(*) FROM teams WHERE name = 'stolen'") == [["0"]])
            for (name, fields) in [
                ("one", [("Sec-Fetch-Site", "same-origin")]), ("two", [("Origin", "http://\(host)")]),
            ] {
                let answer = try await house.send(
                    "POST",
                    "/v1/teams",
                    key: nil,
                    fields: [cookie, json] + fields,
                    body: Array(#"{"name":"\#(name)"}"#.utf8)
                )
                #expect(answer.status == 201, "\(fields)")
            }
            // With a key the page that asks does not matter: it was given the key.
            let keyed = try await house.post(
                "/v1/teams",
                ["name": "three"],
                fields: [("Origin", "https://tool.example")]
            )
            #expect(keyed.status == 201)
        }
    }

    @Test func `signing in wants a key, from the page itself`() async throws {
        try await House.with { house in
            #expect(try await house.post("/v1/session", ["key": "esl_unknown"], key: nil).status == 401)
            #expect(try await house.post("/v1/session", [:], key: nil).faults == ["key"])
            #expect(
                try await house.post("/v1/session", ["key": .string(String(repeating: "x", count: 9000))], key: nil)
                    .status == 413
            )
            let key = try await house.key(team: "design").key
            for fields in [[("Sec-Fetch-Site", "cross-site")], [("Origin", "https://evil.example")]] {
                let answer = try await house.post("/v1/session", ["key": .string(key)], key: nil, fields: fields)
                #expect(answer.code == "forbidden" && answer.fields["Set-Cookie"] == nil)
            }
            let secure = try await house.post(
                "/v1/session",
                ["key": .string(key)],
                key: nil,
                fields: [("X-Forwarded-Proto", "https")]
            )
            #expect(secure.fields["Set-Cookie"]?.hasSuffix("; Secure") == true)
        }
    }
}
