import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

@testable import EaselGateway

/// A request as JSON: what is read, and that every fault is named at once.
struct JSONDraftTests {
    private func read(_ text: String) throws -> JSONDraft {
        try JSONDraft(Array(text.utf8))
    }

    static let full = """
        {"model":"ideogram-3.0","prompt":"x","image":"https://example.com/a.png","strength":0.5,"width":1024,
         "height":768,"count":4,"rendering_speed":"turbo","copyright_detection":true,"safety_check":false,
         "negative_prompt":"n","magic_prompt":"on","style_type":"auto","style_preset":"WATERCOLOR",
         "style_code":"00ff00ff","style_reference_images":["a","b"],"character_reference_images":["c"],
         "character_reference_masks":["d"],"seed":7,"output":{"type":"base64","format":"webp","quality":80},
         "policy":"p","project":"q","tags":{"campaign":"spring"},"max_cost_usd":"0.20","deadline":"90s","strict":true}
        """

    @Test func `every field is read`() throws {
        let read = try read(Self.full)
        #expect(read.faults.isEmpty)
        let draft = read.draft
        #expect(draft.model == "ideogram-3.0")
        #expect(draft.image == .text("https://example.com/a.png"))
        #expect(draft.strength == 0.5)
        #expect([draft.width, draft.height, draft.count, draft.seed] == [1024, 768, 4, 7])
        #expect([draft.copyrightDetection, draft.safetyCheck, draft.strict] == [true, false, true])
        #expect(draft.styleReferenceImages == [.text("a"), .text("b")])
        #expect(draft.characterReferenceImages == [.text("c")])
        #expect(draft.characterReferenceMasks == [.text("d")])
        #expect([draft.outputType, draft.outputFormat] == ["base64", "webp"])
        #expect(draft.outputQuality == 80)
        #expect(draft.tags == ["campaign": "spring"])
        #expect([draft.maxCostUSD, draft.deadline, draft.policy, draft.project] == ["0.20", "90s", "p", "q"])
        #expect([draft.negativePrompt, draft.magicPrompt, draft.styleType] == ["n", "on", "auto"])
        #expect([draft.stylePreset, draft.styleCode, draft.renderingSpeed] == ["WATERCOLOR", "00ff00ff", "turbo"])
    }

    @Test func `the sample names every field there is`() throws {
        let members = try #require(try JSON.decode(JSONValue.self, from: Array(Self.full.utf8)).objectValue)
        #expect(Set(members.keys) == Set(RemixParameter.allCases.map(\.rawValue)))
    }

    @Test(arguments: RemixParameter.allCases)
    func `a field of the wrong type is a fault and leaves nothing behind`(_ parameter: RemixParameter) throws {
        // No field takes a list of a number.
        let read = try read("{\"\(parameter.rawValue)\":[1]}")
        #expect(read.faults.map(\.parameter) == [parameter.rawValue])
        #expect(read.faults.first?.message.hasPrefix("must be") == true)
    }

    @Test(arguments: RemixParameter.allCases)
    func `null is a field that is not there`(_ parameter: RemixParameter) throws {
        #expect(try read("{\"\(parameter.rawValue)\":null}").faults.isEmpty)
    }

    @Test func `all faults are named at once`() throws {
        let read = try read(
            """
            {"model":1,"prompt":[],"count":1.5,"width":"1024","strict":"yes","tags":{"a":1},"nonsense":true,
             "output":{"type":5,"format":"jpg","colour":"red"}}
            """
        )
        let named = Set(read.faults.map(\.parameter))
        #expect(named == ["model", "prompt", "count", "width", "strict", "tags", "nonsense", "output"])
        #expect(read.faults.count { $0.parameter == "output" } == 2)
        #expect(read.draft.outputFormat == "jpg")
    }

    @Test(arguments: ["1.5", "1e400", "99999999999999999999", "\"4\"", "true", "-", "{}"])
    func `a count that is no whole number is no count`(_ literal: String) throws {
        guard let read = try? read("{\"count\":\(literal)}") else { return }
        #expect(read.draft.count == nil)
        #expect(read.faults.map(\.parameter) == ["count"])
    }

    @Test func `an unknown field's name is cut in the fault`() throws {
        let read = try read("{\"\(String(repeating: "x", count: 5000))\":1}")
        #expect(read.faults.first?.parameter.count == 64)
    }

    @Test(arguments: ["[]", "1", "\"x\"", "", "{", "{\"a\":}", "nul"])
    func `what is no object is refused`(_ text: String) {
        #expect(throws: (any Error).self) { try read(text) }
    }

    @Test func `a document cut at any byte is refused`() throws {
        let bytes = Array(Self.full.utf8)
        for length in 0..<bytes.count {
            #expect(throws: (any Error).self, "cut at \(length)") {
                try JSONDraft(Array(bytes[..<length]))
            }
        }
    }

    @Test func `changed bytes never crash`() async {
        var random = SeededRandom(seed: 11)
        let original = Array(Self.full.utf8)
        var understood = 0
        for round in 0..<1500 {
            // Others want the processor too.
            if round % 50 == 0 { await Task.yield() }
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if (try? JSONDraft(bytes)) != nil { understood += 1 }
        }
        #expect(understood < 1500)
    }
}
