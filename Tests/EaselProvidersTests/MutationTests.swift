import EaselBase
import EaselCore
import EaselTransport
import Foundation
import Testing
import TestTools

@testable import EaselProviders

/// Damaged answers: whatever arrives, nothing crashes, and no image appears that the answer did not hold.
struct MutationTests {
    private static let runware: [JSONValue] = [
        ["data": [Answers.item(Answers.firstImage, ["NSFWContent": false])]],
        ["data": [Answers.item(Answers.firstImage), Answers.item(Answers.secondImage, ["seed": 8])]],
        ["data": [["taskType": "imageInference", "taskUUID": .string(Requests.taskID.text)]]],
        ["data": [Answers.item(Answers.firstImage, ["status": "success"]), Answers.working(Answers.secondImage)]],
        ["data": [], "errors": [Answers.error("timeoutProvider")]],
        ["data": [Answers.item(Answers.firstImage)], "errors": [Answers.error("invalidProviderContent")]],
        [
            "data": [
                [
                    "taskUUID": .string(Requests.taskID.text), "imageUUID": .string(Answers.firstImage),
                    "imageDataURI": "data:image/png;base64,cGljdHVyZQ==", "cost": "0.06",
                    "structuredPrompt": ["high_level_description": "kite", "elements": [1, [2, [3]]]],
                ]
            ]
        ],
        [
            "data": [
                [
                    "taskType": "getTaskDetails", "taskUUID": .string(Requests.taskID.text), "request": [[:]],
                    "response": ["data": [Answers.item(Answers.firstImage)]],
                ]
            ]
        ],
        ["error": true, "errorId": 19, "errorMessage": "text"],
        [
            "data": [],
            "errors": [
                [
                    "code": "missingDimensionParameters", "message": "text", "type": "integer|array",
                    "parameter": ["width", "height", "referenceImages"], "min": 256, "max": 16383, "multiplier": 1,
                    "documentation": "https://runware.ai/docs/", "taskUUID": .string(Requests.taskID.text),
                ]
            ],
        ],
        ["errors": [["code": "invalidApiKey", "parameter": "apiKey", "taskType": "authentication"]]],
    ]

    private static let ideogram: [JSONValue] = [
        [
            "created": "2000-01-23 04:56:07+00:00", "response_type": "url",
            "data": [
                [
                    "prompt": "kite", "resolution": "2048x2048", "is_image_safe": true, "seed": 12345,
                    "url": "https://ideogram.ai/api/images/ephemeral/xtdZ.png?exp=1743867804&sig=e13e",
                ],
                ["prompt": "kite", "resolution": "2048x2048", "is_image_safe": false, "seed": 1, "url": .null],
            ],
        ],
        ["generation_id": "g-1"],
        ["generation_id": "g-1", "status": "pending", "created": "now"],
        ["generation_id": "g-1", "status": "failed", "failure_reason": "content_policy_violation"],
        [
            "generation_id": "g-1", "status": "completed", "usage_cost_usd_micros": 60_000,
            "data": [["url": "https://ideogram.ai/x.png", "is_image_safe": true, "seed": 3]],
        ],
        ["type": "about:blank", "title": "Bad Request", "detail": "'x' is not one of", "status": 400],
        ["error": "Too many.", "reject_reason": "inflight_limit", "max_inflight_requests": 10],
        ["error": "...", "status_code": 503],
    ]

    @Test func `a truncated answer is never a success`() throws {
        for document in Self.runware + Self.ideogram {
            let bytes = try JSON.encode(document, sorted: true)
            for length in 0..<bytes.count {
                let response = Answers.response(Array(bytes.prefix(length)))
                for end in Self.readings(of: response) {
                    #expect(end.images.isEmpty && end.cost == nil)
                    #expect(end.failure?.kind == .garbled && end.failure?.billing == .unknown)
                }
            }
        }
    }

    @Test(arguments: 0..<8)
    func `a damaged answer brings no image that was not there`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for document in Self.runware + Self.ideogram {
            let bytes = try JSON.encode(document, sorted: true)
            let images = String(decoding: bytes, as: UTF8.self).occurrences(of: "\"seed\"", "\"imageDataURI\"")
            for _ in 0..<25 {
                let damaged = Self.damage(bytes, &random)
                let text = String(decoding: damaged, as: UTF8.self)
                // A doubled stretch may double a whole item.
                let most = max(images, text.occurrences(of: "\"seed\"", "\"imageDataURI\"", "{"))
                for status in [200, 400] {
                    for end in Self.readings(of: Answers.response(damaged, status: status)) {
                        #expect(end.images.count <= most, "\(text)")
                        #expect(!end.images.isEmpty || end.failure != nil, "\(text)")
                        #expect(end.cost.map { $0 >= .zero } ?? true)
                        for image in end.images { Self.expectFound(image, in: text) }
                    }
                }
            }
        }
    }

    @Test func `an answer of a thousand levels does not exhaust the stack of a loop`() async throws {
        let group = EventLoopGroup(name: "deep", count: 1)
        for depth in [100, 1000, 100_000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let middle = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
                let item = "{\"url\":\"http://u\",\"imageURL\":\"http://u\",\"strange\":\(middle)}"
                let response = Answers.response(Array("{\"data\":[\(item)]}".utf8))
                let counts = await Task(executorPreference: group.next()) {
                    Self.readings(of: response).map(\.images.count)
                }.value
                #expect(!counts.isEmpty && counts.allSatisfy { $0 <= 1 })
            }
        }
        await ThreadPoolExecutor.shared.run { group.shutdown() }
    }

    @Test func `random bytes and random JSON are never a success`() throws {
        var random = SeededRandom(seed: 99)
        for _ in 0..<400 {
            let noise = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            for end in Self.readings(of: Answers.response(noise)) {
                #expect(end.images.isEmpty && end.failure?.billing == .unknown)
            }
            let value = Self.randomValue(&random, depth: 4)
            for end in Self.readings(of: Answers.response(value)) {
                #expect(end.images.allSatisfy { $0.isWithheld } && (end.failure != nil || !end.images.isEmpty))
            }
        }
    }

    // MARK: - Helpers

    /// Every reading of one answer that says it is over.
    private static func readings(of response: HTTPResponse) -> [ProviderResult] {
        var ends: [ProviderResult?] = []
        let question = Answers.question(count: 2, copyright: .asked)
        let other = Answers.ideogramQuestion(count: 2, copyrightDetection: true)
        for delivery in [DeliveryMethod.sync, .async] {
            ends.append(RunwareReading.submission(response, question, delivery: delivery).result)
            ends.append(IdeogramReading.submission(response, other, delivery: delivery).result)
        }
        ends.append(RunwareReading.standing(response, question).result)
        ends.append(RunwareReading.archived(response, question).result)
        ends.append(IdeogramReading.standing(response, other, id: "g-1").result)
        return ends.compactMap { $0 }
    }

    /// Whatever is delivered must stand in the answer.
    private static func expectFound(_ image: ProviderImage, in text: String) {
        switch image.content {
        case .withheld: break
        case .link(let link):
            // Damage may have made an escape of a character: then the plain pieces around it must be there.
            for piece in link.split(whereSeparator: { !($0.isLetter || $0.isNumber) || !$0.isASCII }) {
                #expect(text.contains(piece) || text.contains("\\u"), "\(link)")
            }
        case .bytes(let bytes):
            // What cannot be decoded comes as an image without a byte.
            if bytes.isEmpty { return }
            let found = text.matches(of: /base64,([^"]*)/).contains { Data(base64Encoded: String($0.1)) == Data(bytes) }
            #expect(found || text.contains("\\"), "\(text)")
        }
    }

    private static func damage(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard bytes.count > 1 else { break }
            let index = Int.random(in: bytes.indices, using: &random)
            let end = min(bytes.count, index + Int.random(in: 1...12, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.removeSubrange(index..<end)
            case 3: bytes.insert(contentsOf: bytes[index..<end], at: index)
            default:
                let tokens = [
                    "null", "-1", "1e999", "\"\"", "[]", "{}", "true", ",", "\\u0000", "99999999999999999999",
                ]
                bytes.replaceSubrange(index..<end, with: (tokens.randomElement(using: &random) ?? "").utf8)
            }
        }
        return bytes
    }

    /// Documents made of our own names, put together without sense; no text in them is a link or an image.
    private static func randomValue(_ random: inout SeededRandom, depth: Int) -> JSONValue {
        let names = [
            "data", "errors", "error", "taskUUID", "status", "imageUUID", "seed", "cost", "message", "code", "response",
            "generation_id", "is_image_safe", "NSFWContent", "failure_reason", "status_code", "errorMessage",
        ]
        let texts = ["success", "completed", "failed", "processing", Requests.taskID.text, "", "x"]
        switch Int.random(in: 0..<(depth > 0 ? 7 : 4), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number(Decimal(Int.random(in: -5...600, using: &random)))
        case 3: return .string(texts.randomElement(using: &random) ?? "")
        case 4:
            return .array(
                (0..<Int.random(in: 0...3, using: &random)).map { _ in randomValue(&random, depth: depth - 1) }
            )
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                members[names.randomElement(using: &random) ?? ""] = randomValue(&random, depth: depth - 1)
            }
            return .object(members)
        }
    }
}

extension String {
    fileprivate func occurrences(of pieces: String...) -> Int {
        pieces.reduce(0) { $0 + ranges(of: $1).count }
    }
}
