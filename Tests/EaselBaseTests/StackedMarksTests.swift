import EaselBase
import Foundation
import Testing
import TestTools

/// Texts that would take too long to compare never become strings.
@Suite struct StackedMarksTests {
    private let mark = "\u{0301}"

    private func stack(_ count: Int, on letter: String = "a") -> String {
        letter + String(repeating: mark, count: count)
    }

    @Test func `as many marks as people stack are let in, and one more than the limit is not`() throws {
        for text in [
            "", "plain", "Zu\u{308}rich", stack(60), stack(StackedMarks.most), String(repeating: "漢字", count: 4_000),
        ] {
            #expect(StackedMarks.find(in: Array(text.utf8)) == nil)
            #expect(String(foreign: Array(text.utf8)) == text)
        }
        let text = "some words before " + stack(StackedMarks.most + 1) + " and after"
        let place = try #require(StackedMarks.find(in: Array(text.utf8)))
        #expect(place == "some words before a".utf8.count + 2 * StackedMarks.most)
        #expect(String(foreign: Array(text.utf8)) == nil)
        // Each with its own letter.
        #expect(StackedMarks.find(in: Array(String(repeating: stack(100), count: 50).utf8)) == nil)
        #expect(StackedMarks.find(in: Array(("ключ" + stack(200, on: "й")).utf8)) != nil)
        // Marks of three and four bytes, and of several classes.
        for other in ["\u{20D0}", "\u{1D165}", "\u{0327}\u{0301}"] {
            #expect(StackedMarks.find(in: Array(("a" + String(repeating: other, count: 200)).utf8)) != nil)
        }
    }

    @Test func `where it is found is what a look at every scalar says`() {
        for seed in UInt64(0)..<2_000 {
            var random = SeededRandom(seed: seed)
            var text = ""
            for _ in 0..<Int.random(in: 1..<8, using: &random) {
                text += ["word ", "é", "漢", "a", "🦊"].randomElement(using: &random) ?? ""
                text += String(
                    repeating: ["\u{0301}", "\u{0327}", "\u{1D165}"].randomElement(using: &random) ?? "",
                    count: Int.random(in: 0..<200, using: &random)
                )
            }
            var marks = 0
            var offset = 0
            var expected: Int?
            for scalar in text.unicodeScalars {
                marks = scalar.properties.canonicalCombiningClass == .notReordered ? 0 : marks + 1
                if marks > StackedMarks.most { expected = expected ?? offset }
                offset += UTF8.width(scalar)
            }
            #expect(StackedMarks.find(in: Array(text.utf8)) == expected, "seed \(seed)")
        }
    }

    @Test func `a document is refused before anything in it is compared`() {
        let tower = stack(150_000)
        let escaped = "a" + String(repeating: "\\u0301", count: 50_000)
        let began = SteadyInstant.now
        for text in [
            "{\"\(tower)\": 1, \"\(tower)b\": 2}", "{\"model\": \"\(tower)\"}", "[\"\(escaped)\"]",
            "{\"\(escaped)\": 1}",
        ] {
            #expect(throws: JSONFault.stacked) { try JSONReader.value(of: Array(text.utf8)) }
        }
        #expect(JSONFault.stacked.sentence.contains("128 marks"))
        // A comparison of one of them takes minutes.
        #expect(SteadyInstant.now.since(began) < .seconds(20))
    }

    @Test func `what is no text is left to others`() {
        #expect(StackedMarks.find(in: [UInt8](repeating: 0xFF, count: 10_000)) == nil)
        #expect(String(foreign: [0xC3, 0x28]) == nil)
    }
}
