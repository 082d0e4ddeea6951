import EaselBase
import EaselCore
import EaselTransport
import Foundation
import Testing

@testable import EaselProviders

/// Replies that no document describes, through the reader and the door: what comes out can be written down and shown.
struct ForeignReplyTests {
    private let door = ForeignDoor(secrets: [Answers.key], prompts: [Answers.prompt])

    private func ideogram(_ body: JSONValue, status: Int = 200, fields: [(String, String)] = []) -> ProviderResult? {
        let exchange = IdeogramReading.submission(
            Answers.response(body, status: status, fields: fields),
            Answers.ideogramQuestion(secrets: [Answers.key]),
            delivery: .sync
        )
        return door.fit(exchange).result
    }

    private func runware(_ body: JSONValue, status: Int = 200, count: Int = 1) -> ProviderResult? {
        door.fit(Answers.runware(body, status: status, count: count)).result
    }

    private func shown(_ result: ProviderResult?) -> String {
        "\(String(describing: result))".lowercased()
    }

    @Test(arguments: [99_999_999_999, -1, 1, 2_147_483_648])
    func `a status inside of an answer that HTTP does not have is no status`(status: Int) {
        let result = ideogram(["status_code": .count(status), "error": "broke off", "data": []])
        #expect((100...599).contains(result?.httpStatus ?? 0) && result?.failure != nil)
        #expect(result?.failure?.httpStatus.map { (100...599).contains($0) } ?? true)
    }

    @Test func `ten costs near a billion come out as one that nobody believes`() {
        let items = (0..<10).map { index in
            Answers.item(
                "00000000-0000-4000-8000-00000000000\(index)",
                ["cost": .number(Decimal(string: "999999999.99") ?? 0)]
            )
        }
        let result = runware(["data": .array(items)], count: 10)
        let most = CostBelief.standard.most(pricePerImage: Money(nanodollars: 60_000_000), images: 10)
        #expect(result?.images.count == 10 && (result?.cost ?? .zero) > most)
        let huge = runware([
            "data": [Answers.item(Answers.firstImage, ["cost": .number(Decimal(string: "1e40") ?? 0)])]
        ])
        #expect((huge?.cost ?? .zero) > most)
        let micros = ideogram([
            "data": [["url": "https://x.test/a.png"]], "usage_cost_usd_micros": .number(Decimal(string: "1e30") ?? 0),
        ])
        #expect((micros?.cost ?? .zero) > most)
    }

    @Test func `a key is in no code, parameter, reason, id or unknown member`() {
        let key = Answers.key
        for part in [key, key.uppercased(), String(key.suffix(9)), String(key.prefix(20))] {
            let results = [
                ideogram(["error": "no", "reject_reason": .string(part)], status: 400),
                ideogram(["error": .string("no \(part)")], status: 403),
                ideogram([
                    "data": [["url": "https://x.test/a.png", "new": .string(part)]], "request_id": .string(part),
                ]),
                ideogram(["error": "no"], status: 400, fields: [("x-request-id", part)]),
                runware(["errors": [["code": .string(part), "message": "no"]]], status: 400),
                runware(["errors": [["code": "x", "message": "no", "parameter": .string(part)]]], status: 400),
                runware(["errors": [["code": "x", "message": .string("a \(part) b")]]], status: 400),
                runware(["data": [Answers.item(Answers.firstImage, ["note": ["deep": .string(part)]])]]),
            ]
            for result in results {
                #expect(result != nil)
                // The address of an image is asked for as it is, and shown to nobody.
                #expect(!shown(result).contains(part.lowercased()), "\(part)")
            }
        }
    }

    @Test func `a code of three thousand bytes, and one of another script, are short identifiers`() {
        for code in [String(repeating: "x", count: 3000), String(repeating: "漢", count: 1000), "a b\u{0}c\n'; --"] {
            for result in [
                ideogram(["error": "no", "reject_reason": .string(code)], status: 400),
                runware(["errors": [["code": .string(code), "message": .string(code)]]], status: 400),
            ] {
                let kept = result?.failure?.code ?? ""
                #expect((1...ForeignText.codeBytes).contains(kept.utf8.count))
                #expect(kept.utf8.allSatisfy { (0x2D...0x7A).contains($0) })
                #expect((result?.failure?.message.utf8.count ?? 0) <= ForeignText.sentenceBytes)
            }
        }
    }
}
