import EaselBase
import Foundation
import Testing
import TestTools

@Suite("JSON values")
struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSON.decode(JSONValue.self, from: Array(text.utf8))
    }

    @Test func `every kind is read as itself`() throws {
        let value = try parse(
            #"{"a":null,"b":true,"c":false,"d":1,"e":0.06,"f":"x","g":[1,"1",[]],"h":{"i":{}},"":"empty","j":0}"#
        )
        let expected: JSONValue = [
            "a": nil, "b": true, "c": false, "d": 1, "e": .number(Decimal(string: "0.06")!), "f": "x",
            "g": [1, "1", []], "h": ["i": [:]], "": "empty", "j": 0,
        ]
        #expect(value == expected)
    }

    @Test func `numbers and booleans are not taken for each other`() throws {
        #expect(try parse("[0,1,true,false]") == [0, 1, true, false])
        #expect(try parse("[0]") != [false])
        #expect(try parse(#"["true"]"#) == ["true"])
    }

    @Test(
        arguments: [
            "0.1", "0.30000000000000004", "123456789.123456789123456789", "-1.5", "0.000000000000000000000000000001",
            "9007199254740993", "18446744073709551616",
        ]
    )
    func `a number keeps all its decimals`(text: String) throws {
        #expect(try parse(text) == .number(#require(Decimal(string: text))))
        #expect(try JSON.text([try parse(text)]) == "[\(text)]")
    }

    @Test func `accessors answer for their own kind only`() throws {
        let all: [JSONValue] = [.null, true, 1, "x", [1], ["k": "v"]]
        #expect(all.map(\.stringValue) == [nil, nil, nil, "x", nil, nil])
        #expect(all.map(\.boolValue) == [nil, true, nil, nil, nil, nil])
        #expect(all.map(\.numberValue) == [nil, nil, 1, nil, nil, nil])
        #expect(all.map(\.intValue) == [nil, nil, 1, nil, nil, nil])
        #expect(all.map { $0.arrayValue?.count } == [nil, nil, nil, nil, 1, nil])
        #expect(all.map { $0.objectValue?.count } == [nil, nil, nil, nil, nil, 1])
        #expect(all.map(\.kindName) == ["null", "a boolean", "a number", "a string", "an array", "an object"])
        #expect(all[5]["k"] == "v")
        #expect(all[5]["missing"] == nil)
        #expect(all[4]["k"] == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("-7", -7), ("2147483647", 2_147_483_647), ("4294967295", 4_294_967_295), ("1.0", 1),
            ("1e3", 1000),
            ("1.5", nil), ("1e30", nil), ("-1e30", nil), ("9223372036854775808", nil),
        ] as [(String, Int?)]
    )
    func `a whole number is an integer, any other is not`(text: String, number: Int?) throws {
        #expect(try parse(text).intValue == number)
    }

    @Test func `an integer beyond the range of Double's exact ones is not changed`() throws {
        let value = try parse("9007199254740993")
        #expect(value.intValue == 9_007_199_254_740_993)
    }

    @Test func `random values survive writing and reading`() throws {
        for seed in UInt64(0x0E5E_5000)..<0x0E5E_5000 + 200 {
            var random = SeededRandom(seed: seed)
            let value = JSONValue.array([Self.random(depth: 4, using: &random)])
            #expect(try JSON.decode(JSONValue.self, from: try JSON.encode(value)) == value, "seed \(seed)")
            #expect(
                try JSON.encode(value, sorted: true)
                    == JSON.encode(JSON.decode(JSONValue.self, from: JSON.encode(value, pretty: true)), sorted: true),
                "seed \(seed): sorted bytes can be compared"
            )
        }
    }

    @Test func `sorted keys, and slashes left alone`() throws {
        let value: JSONValue = ["b": "https://im.runware.ai/x", "a": 1, "c": nil]
        #expect(try JSON.text(value, sorted: true) == #"{"a":1,"b":"https://im.runware.ai/x","c":null}"#)
    }

    @Test(arguments: ["", "{", "[1,,2]", "{\"a\":}", "nul", "{\"a\":1}}", "'x'", "01", "[1 2]", "\u{0}"])
    func `broken documents are errors`(text: String) {
        #expect(throws: (any Error).self) { try parse(text) }
    }

    @Test func `a document nested beyond reason is an error, not a crash`() {
        let text = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(throws: (any Error).self) { try parse(text) }
    }

    @Test func `a coding key is any text`() {
        #expect(AnyKey("a b").stringValue == "a b")
        #expect(AnyKey(stringValue: "")?.stringValue == "")
        #expect(AnyKey(intValue: 1) == nil)
        #expect(AnyKey("1").intValue == nil)
    }

    private static func random(depth: Int, using random: inout SeededRandom) -> JSONValue {
        switch Int.random(in: 0...(depth > 0 ? 5 : 3), using: &random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2:
            .number(
                Decimal(
                    sign: Bool.random(using: &random) ? .plus : .minus,
                    exponent: Int.random(in: -20...3, using: &random),
                    significand: Decimal(Int.random(in: 1...1_000_000_000_000, using: &random))
                )
            )
        case 3: .string(text(using: &random))
        case 4:
            .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in Self.random(depth: depth - 1, using: &random) }
            )
        default:
            .object(
                Dictionary(
                    (0..<Int.random(in: 0...4, using: &random)).map { _ in
                        (text(using: &random), Self.random(depth: depth - 1, using: &random))
                    },
                    uniquingKeysWith: { $1 }
                )
            )
        }
    }

    private static func text(using random: inout SeededRandom) -> String {
        let alphabet = Array("ab\"\\/\n\r\t\u{0}\u{1F}\u{7F}\u{2028}äÄ€😀 {}[]:,")
        return String((0..<Int.random(in: 0...8, using: &random)).map { _ in alphabet.randomElement(using: &random)! })
    }
}
