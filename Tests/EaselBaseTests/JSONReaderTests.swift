import EaselBase
import Foundation
import Testing
import TestTools

/// JSON of strangers: what Foundation reads is read alike, and nothing makes the work grow out of proportion (S4).
struct JSONReaderTests {
    private func read(_ text: String, _ limits: JSONLimits = JSONLimits()) throws(JSONFault) -> JSONValue {
        try JSONReader.value(of: Array(text.utf8), limits: limits)
    }

    private func fault(_ text: String, _ limits: JSONLimits = JSONLimits()) -> JSONFault? {
        do throws(JSONFault) {
            _ = try read(text, limits)
            return nil
        } catch { return error }
    }

    @Test(
        arguments: [
            "null", "true", "false", "0", "-0", "12", "-1.5", "1e3", "1E-3", "0.1", "123456789012345678901234567890",
            #""""#, #""a\"b\\c\/d\b\f\n\r\t""#, #""\u00e9\uD83D\uDE00""#, "\"é漢😀\"", "[]", "{}", "[1,[2,[3]],{}]",
            #" { "a" : [ 1 , null ] , "b" : { "c" : "d" } } "#, "\t[\n1\r,2]",
        ]
    )
    func `a document is read as Foundation reads it`(_ text: String) throws {
        #expect(try read(text) == JSON.decode(JSONValue.self, from: Array(text.utf8)))
    }

    @Test(
        arguments: [
            "", " ", "nul", "truex", "+1", "01", "1.", ".5", "1e", "-", "[1,]", "[1 2]", "[", "{", #"{"a"}"#,
            #"{"a":}"#,
            #"{"a":1,}"#, "{a:1}", #""\x""#, #""\u12""#, #""\uD83D""#, #""\uD83Dx""#, #""\uDE00""#, "\"a\nb\"", "\"a",
            "1 2", "[1]]", "NaN", "'a'", "{\"a\" 1}", "/*x*/1",
        ]
    )
    func `what is no JSON is malformed`(_ text: String) {
        guard case .malformed? = fault(text) else {
            Issue.record("\(text) was read, or failed otherwise: \(String(describing: fault(text)))")
            return
        }
    }

    @Test func `bytes that are no UTF-8 are malformed`() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
            #expect(throws: JSONFault.self) { try JSONReader.value(of: bytes) }
        }
    }

    @Test func `a name twice is a fault with the name`() {
        #expect(fault(#"{"a":1,"b":2,"a":3}"#) == .repeated("a"))
        #expect(fault(#"{"x":{"\u0061":1,"a":2}}"#) == .repeated("a"))
        #expect(fault(#"[{"a":1},{"a":2}]"#) == nil)
    }

    @Test(arguments: [
        "1e400", "-1e400", "1e-400000000", String(repeating: "9", count: 5000),
        "0.\(String(repeating: "1", count: 5000))",
    ])
    func `a number out of range is no number, and the document is read`(_ text: String) throws {
        let value = try read("{\"a\":\(text),\"b\":1}")
        #expect(value["b"] == 1)
        #expect(value["a"]?.intValue == nil)
    }

    @Test func `depth and the number of values have an end`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(fault(deep) == .tooDeep(JSON.depthLimit))
        #expect(fault(String(repeating: #"{"a":"#, count: 100_000)) == .tooDeep(JSON.depthLimit))
        let wide = "[" + String(repeating: "0,", count: 5000) + "0]"
        #expect(fault(wide, JSONLimits(values: 1000)) == .tooMany(1000))
        let named = "{" + (0..<2000).map { "\"k\($0)\":0" }.joined(separator: ",") + "}"
        #expect(fault(named, JSONLimits(values: 3000)) == .tooMany(3000))
        #expect(fault(named, JSONLimits(values: 5000)) == nil)
    }

    @Test func `the end comes before the rest is looked at`() {
        // What follows is no JSON: it would be malformed, had anybody looked.
        let wide = "[" + String(repeating: "0,", count: 1001) + String(repeating: "!", count: 1000)
        #expect(fault(wide, JSONLimits(values: 1000)) == .tooMany(1000))
    }

    @Test func `a long text of escapes is read once`() throws {
        let text = "\"" + String(repeating: #"\u0041"#, count: 10_000) + "\""
        #expect(try read(text).stringValue?.utf8.count == 10_000)
    }

    @Test func `what was written is read again, whatever it was`() throws {
        var random = SeededRandom(seed: 0x0E5E_2402)
        for round in 0..<200 {
            let value = Self.random(depth: 4, &random)
            let bytes = JSONText.bytes(of: value)
            #expect(try JSONReader.value(of: bytes) == value, "round \(round)")
            let cut = Array(bytes.prefix(Int.random(in: 0..<max(1, bytes.count), using: &random)))
            if case .number? = (try? JSONReader.value(of: cut)) { continue }
            #expect(cut == bytes || (try? JSONReader.value(of: cut)) == nil, "round \(round)")
        }
    }

    private static func random(depth: Int, _ random: inout SeededRandom) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .count(Int.random(in: -1_000_000...1_000_000, using: &random))
        case 3:
            let letters = ["a", "é", "漢", "😀", "\"", "\\", "\n", "\u{1}", "/", " "]
            return .string((0..<5).map { _ in letters.randomElement(using: &random) ?? "" }.joined())
        case 4: return .array((0..<3).map { _ in Self.random(depth: depth - 1, &random) })
        default:
            return .object(
                Dictionary(
                    (0..<3).map {
                        ("k\($0)\(Int.random(in: 0...9, using: &random))", Self.random(depth: depth - 1, &random))
                    },
                    uniquingKeysWith: { first, _ in first }
                )
            )
        }
    }

    @Test func `a provider's document has an end too`() {
        let wide = "{\"data\":[" + String(repeating: "{},", count: JSON.foreignValues) + "{}]}"
        #expect(throws: DecodingError.self) { try JSON.decodeForeign(JSONValue.self, from: Array(wide.utf8)) }
        #expect(throws: Never.self) { try JSON.decodeForeign(JSONValue.self, from: Array("{\"data\":[{}]}".utf8)) }
    }
}
