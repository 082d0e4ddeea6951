import EaselCore
import Foundation
import Testing
import TestTools

@testable import EaselGateway

/// The fields of forms: the same names and rules as in JSON.
struct MultipartDraftTests {
    private func read(_ change: (inout FormBody) -> Void) throws -> MultipartDraft {
        var form = FormBody()
        change(&form)
        return MultipartDraft(try MultipartParser.parse(form.body, boundary: form.boundary))
    }

    @Test func `text fields become what JSON would make of them`() throws {
        let read = try read { form in
            for (name, value) in [
                ("model", "ideogram-3.0"), ("prompt", "x"), ("strength", "0.25"), ("width", "1024"), ("height", "768"),
                ("count", "4"), ("seed", "7"), ("rendering_speed", "turbo"), ("copyright_detection", "true"),
                ("safety_check", "false"), ("strict", "true"), ("negative_prompt", "n"), ("magic_prompt", "on"),
                ("style_type", "auto"), ("style_preset", "ICONIC"), ("style_code", "00ff00ff"), ("policy", "p"),
                ("project", "q"), ("max_cost_usd", "0.20"), ("deadline", "90s"),
            ] { form.add(name, value) }
        }
        #expect(read.faults.isEmpty)
        #expect([read.draft.width, read.draft.height, read.draft.count, read.draft.seed] == [1024, 768, 4, 7])
        #expect(read.draft.strength == 0.25)
        #expect([read.draft.copyrightDetection, read.draft.safetyCheck, read.draft.strict] == [true, false, true])
        #expect([read.draft.policy, read.draft.project, read.draft.maxCostUSD] == ["p", "q", "0.20"])
    }

    @Test func `images are files, or text as in JSON`() throws {
        let read = try read { form in
            form.addFile("image", [1, 2, 3])
            form.add("style_reference_images", "https://example.com/a.png")
            form.addFile("style_reference_images[]", [4])
            form.addFile("character_reference_images", [5])
            form.addFile("character_reference_masks", [6])
        }
        #expect(read.faults.isEmpty)
        #expect(read.draft.image == .bytes([1, 2, 3]))
        #expect(read.draft.styleReferenceImages == [.text("https://example.com/a.png"), .bytes([4])])
        #expect(read.draft.characterReferenceImages == [.bytes([5])])
        #expect(read.draft.characterReferenceMasks == [.bytes([6])])
    }

    @Test func `a file that was not chosen is not there`() throws {
        let read = try read { form in
            form.addFile("image", [1], fileName: "")
            form.addFile("style_reference_images", [], fileName: "")
        }
        #expect(read.faults.isEmpty)
        #expect(read.draft.image == .bytes([1]) && read.draft.styleReferenceImages == nil)
    }

    @Test(arguments: [
        ["output.type", "output.format", "output.quality"], ["output[type]", "output[format]", "output[quality]"],
    ])
    func `output is given by its members`(_ names: [String]) throws {
        let read = try read { form in
            for (name, value) in zip(names, ["base64", "png", "80"]) { form.add(name, value) }
        }
        #expect(read.faults.isEmpty)
        #expect([read.draft.outputType, read.draft.outputFormat] == ["base64", "png"])
        #expect(read.draft.outputQuality == 80)
    }

    @Test func `output and tags may be JSON too`() throws {
        let read = try read { form in
            form.add("output", "{\"type\":\"url\",\"quality\":20}")
            form.add("tags", "{\"a\":\"1\"}")
            form.add("tags.b", "2")
            form.add("tags[c]", "3")
        }
        #expect(read.faults.isEmpty)
        #expect(read.draft.outputQuality == 20)
        #expect(read.draft.tags == ["a": "1", "b": "2", "c": "3"])
    }

    @Test(arguments: [
        ("strength", "half"), ("width", "1024px"), ("count", "4.0"), ("seed", ""), ("strict", "yes"), ("tags", "{"),
        ("tags", "{\"a\":1}"), ("output", "png"), ("nonsense", "x"), ("output.colour", "red"),
        ("output.quality", "fine"),
    ])
    func `a value of the wrong kind is a fault`(_ name: String, _ value: String) throws {
        let read = try read { $0.add(name, value) }
        #expect(read.faults.count == 1)
        #expect(read.faults.first.map { name.hasPrefix($0.parameter) } == true)
    }

    @Test func `a field that is given twice is a fault`() throws {
        let read = try read { form in
            form.add("prompt", "a")
            form.add("prompt", "b")
        }
        #expect(read.faults == [RequestFault("prompt", "is given more than once")])
        #expect(read.draft.prompt == "a")
    }

    @Test func `text that is no UTF-8 or too long is a fault`() throws {
        let read = try read { form in
            form.addFile("prompt", [0xFF, 0xFE])
            form.add("project", String(repeating: "x", count: 65_537))
        }
        #expect(Set(read.faults.map(\.parameter)) == ["prompt", "project"])
    }
}
