import EaselBase
import EaselCore
import EaselImaging
import Foundation
import TestKit
import Testing

/// Images as people have them, through the whole gateway to providers that follow their documents.
struct PhotoTests {
    /// 96x64 as stored, with this EXIF orientation and a place.
    private func photo(_ orientation: UInt8) -> [UInt8] {
        let tiff: [UInt8] = [
            77, 77, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0,
        ]
        let body = Array("Exif\0\0".utf8) + tiff + Array("52.5200N 13.4050E".utf8)
        let plain = SampleImage.bytes(.jpg, width: 96, height: 64)
        return [0xFF, 0xD8, 0xFF, 0xE1, 0, UInt8(body.count + 2)] + body + plain.dropFirst(2)
    }

    @Test func `a phone photo goes to each provider in the shape that is shown`() async throws {
        try await House.with { house in
            for orientation in UInt8(1)...8 {
                let size = orientation >= 5 ? (1664, 2496) : (2496, 1664)
                for policy in ["only-runware", "only-ideogram"] {
                    let answer = try await house.remixForm(
                        [
                            ("model", "ideogram-4.0"), ("prompt", "a harbour"), ("strength", "0.5"), ("policy", policy),
                            ("width", String(size.0)), ("height", String(size.1)),
                        ],
                        image: photo(orientation)
                    )
                    #expect(answer.status == 200, "\(policy), orientation \(orientation): \(answer.json)")
                }
            }
        }
    }

    @Test func `requests may be packed, on every route with a body`() async throws {
        try await House.with { house in
            let routes = [
                ("POST", "/v1/remix"), ("POST", "/v1/route/explain"), ("POST", "/v1/route/simulate"),
                ("PUT", "/v1/budgets"),
                ("PUT", "/v1/prices"), ("POST", "/v1/teams"), ("POST", "/v1/keys"), ("POST", "/v1/calls/redact"),
                ("POST", "/v1/prices/recompute"), ("POST", "/v1/reconciliations"),
            ]
            for (method, path) in routes {
                for (encoding, status, code) in [
                    ("br", 415, "unsupported_media_type"), ("gzip", 400, "invalid_request"),
                ] {
                    let answer = try await house.send(
                        method,
                        path,
                        fields: [("Content-Type", "application/json"), ("Content-Encoding", encoding)],
                        body: Array("{\"no\": \"gzip\"}".utf8)
                    )
                    #expect(
                        answer.status == status && answer.code == code,
                        "\(method) \(path) \(encoding): \(answer.json)"
                    )
                }
            }
            let plain = try JSON.encode(JSONValue.object(House.request()))
            let packed = try await Program.filter("gzip", ["-c"], input: plain)
            let answer = try await house.send(
                "POST",
                "/v1/remix",
                fields: [("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
                body: packed
            )
            #expect(answer.status == 200, "\(answer.json)")
        }
    }
}

extension Program {
    /// Runs any program on some bytes and gives what it wrote.
    fileprivate static func filter(_ program: String, _ arguments: [String], input: [UInt8]) async throws -> [UInt8] {
        let files = "/tmp/easel-child-\(UUID().text)"
        defer { for kind in ["in", "out"] { try? FileManager.default.removeItem(atPath: "\(files).\(kind)") } }
        try Data(input).write(to: URL(fileURLWithPath: files + ".in"))
        let command = ([program] + arguments).joined(separator: " ")
        let outcome = try await run("sh", ["-c", "\(command) < \(files).in > \(files).out"])
        try #require(outcome.status == 0)
        return [UInt8](FileManager.default.contents(atPath: files + ".out") ?? Data())
    }
}
