import EaselBase
import Foundation
import Testing
import TestTools

@Suite("JSON as it is written")
struct JSONTextTests {
    private func written(_ write: (inout JSONText) -> Void) -> String {
        var text = JSONText()
        write(&text)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    // MARK: - Strings

    @Test(
        arguments: [
            ("", #""""#), ("plain", #""plain""#), ("\"", #""\"""#), ("\\", #""\\""#), ("\n\r\t", #""\n\r\t""#),
            ("\u{0}\u{1}\u{8}\u{C}\u{1F}", #""\u0000\u0001\u0008\u000c\u001f""#), ("/", #""/""#),
            ("\u{7F}é€😀\u{2028}", "\"\u{7F}é€😀\u{2028}\""), ("a\"b\\c\nd", #""a\"b\\c\nd""#),
            ("\\u0000", #""\\u0000""#), ("\r\n", #""\r\n""#), ("\"\"", #""\"\"""#),
        ]
    )
    func `only what must be escaped is escaped`(text: String, json: String) {
        #expect(written { $0.string(text) } == json)
    }

    @Test func `every character of the first plane and beyond comes back through Foundation`() throws {
        for start in stride(from: UInt32(0), to: 0x11_0000, by: 0x1000) {
            let scalars = (start..<start + 0x1000).compactMap(Unicode.Scalar.init)
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars)
            let back = try JSONDecoder().decode(
                [String].self,
                from: Data(JSONText.bytes(of: JSONValue.array([.string(text)])))
            )
            #expect(back.first.map { $0.unicodeScalars.elementsEqual(scalars) } == true, "from \(start)")
        }
    }

    @Test func `random texts come back through Foundation`() throws {
        let seed: UInt64 = 0x0E5E_6001
        var random = SeededRandom(seed: seed)
        for _ in 0..<3000 {
            let text = Self.text(using: &random)
            let bytes = JSONText.bytes(of: ["k": text])
            let back = try JSONDecoder().decode([String: String].self, from: Data(bytes))
            #expect(
                back["k"].map { $0.unicodeScalars.elementsEqual(text.unicodeScalars) } == true,
                "seed \(seed): \(text)"
            )
        }
    }

    @Test func `names are escaped as texts are`() throws {
        let seed: UInt64 = 0x0E5E_6002
        var random = SeededRandom(seed: seed)
        for _ in 0..<500 {
            let members = Dictionary(
                (0..<5).map { ("\($0)" + Self.text(using: &random), Self.text(using: &random)) },
                uniquingKeysWith: { $1 }
            )
            let back = try JSONDecoder().decode([String: String].self, from: Data(JSONText.bytes(of: members)))
            #expect(back == members, "seed \(seed)")
        }
    }

    @Test func `a text that Foundation made is written like any other`() {
        // Bridged and sliced strings are not stored as one run of UTF-8.
        let bridged = NSString(string: "a\"é\u{1}").appending("\\z")
        #expect(written { $0.string(bridged) } == #""a\"é\u0001\\z""#)
        #expect(
            written { $0.string(String(repeating: "ab\"", count: 2000).dropFirst(1).description) }.utf8.count == 8001
        )
    }

    // MARK: - Numbers

    @Test func `whole numbers of every width are written whole`() {
        #expect(
            written {
                $0.array([Int64.min, -1, 0, 1, .max]) { $0.integer($1) }
            } == "[-9223372036854775808,-1,0,1,9223372036854775807]"
        )
        #expect(written { $0.integer(UInt64.max) } == "18446744073709551615")
        #expect(written { $0.integer(UInt8(7)) } == "7")
    }

    @Test(
        arguments: [
            ("0", "0"), ("0.06", "0.06"), ("-1.5", "-1.5"), ("1e3", "1000"), ("1e-9", "0.000000001"),
            ("123456789.123456789123456789", "123456789.123456789123456789"),
            ("18446744073709551616", "18446744073709551616"),
        ]
    )
    func `a decimal is written plainly and exactly`(text: String, json: String) throws {
        let number = try #require(Decimal(string: text))
        #expect(written { $0.decimal(number) } == json)
    }

    @Test func `what is no number is null`() {
        #expect(written { $0.array([Decimal.nan, 1]) { $0.decimal($1) } } == "[null,1]")
    }

    @Test func `random decimals come back through Foundation`() throws {
        let seed: UInt64 = 0x0E5E_6003
        var random = SeededRandom(seed: seed)
        for _ in 0..<2000 {
            let number = Decimal(
                sign: Bool.random(using: &random) ? .plus : .minus,
                exponent: Int.random(in: -30...30, using: &random),
                significand: Decimal(Int64.random(in: 0...Int64.max, using: &random))
            )
            let bytes = JSONText.bytes(of: [JSONValue.number(number)])
            #expect(!bytes.contains(UInt8(ascii: "e")) && !bytes.contains(UInt8(ascii: "E")))
            #expect(try JSONDecoder().decode([Decimal].self, from: Data(bytes)) == [number], "seed \(seed)")
        }
    }

    // MARK: - Nesting

    @Test func `members come in the order given, with commas between them only`() {
        let text = written { text in
            text.object { text in
                text.member("z", "last letter")
                text.member("a", 1)
                text.member("flag", false)
                text.member("nothing", String?.none)
                text.member("no_number", Int?.none)
                text.member("no_flag", Bool?.none)
                text.key("empty")
                text.object { _ in }
                text.key("list")
                text.array([[Int](), [1], [2, 3]]) { $0.array($1) { $0.integer($1) } }
                text.key("null")
                text.null()
                text.member("tags", ["b": "2", "a": "1"])
                text.key("void")
                text.array([Int]()) { $0.integer($1) }
                text.key("price")
                text.decimal(Decimal(6) / 100)
                text.member("z", true)
            }
        }
        #expect(
            text == #"{"z":"last letter","a":1,"flag":false,"nothing":null,"no_number":null,"no_flag":null,"empty":{},"#
                + #""list":[[],[1],[2,3]],"null":null,"tags":{"a":"1","b":"2"},"void":[],"price":0.06,"z":true}"#
        )
    }

    @Test func `values of our own write themselves into lists and members`() {
        struct Pair: JSONWritable {
            let left: Int
            let right: String?

            func write(to text: inout JSONText) {
                text.object { text in
                    text.member("left", left)
                    text.member("right", right)
                }
            }
        }
        let pairs = [Pair(left: 1, right: "x"), Pair(left: 2, right: nil)]
        let list = #"[{"left":1,"right":"x"},{"left":2,"right":null}]"#
        #expect(String(decoding: JSONText.bytes(of: pairs), as: UTF8.self) == list)
        #expect(written { $0.object { $0.member("pairs", pairs) } } == #"{"pairs":\#(list)}"#)
    }

    @Test func `random values are written as Foundation writes them with sorted keys`() throws {
        for seed in UInt64(0x0E5E_6100)..<0x0E5E_6100 + 300 {
            var random = SeededRandom(seed: seed)
            let value = Self.value(depth: 4, using: &random)
            let bytes = JSONText.bytes(of: value)
            #expect(try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) == value, "seed \(seed)")
            #expect(
                bytes == JSONText.bytes(of: try JSON.decode(JSONValue.self, from: bytes)),
                "seed \(seed): equal bytes"
            )
        }
    }

    // MARK: - Samples

    private static func value(depth: Int, using random: inout SeededRandom) -> JSONValue {
        switch Int.random(in: depth == 4 ? 4...5 : 0...(depth > 0 ? 5 : 3), using: &random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2: .number(Decimal(Int.random(in: -1_000_000_000...1_000_000_000, using: &random)) / 1000)
        case 3: .string(text(using: &random))
        case 4:
            .array((0..<Int.random(in: 0...5, using: &random)).map { _ in value(depth: depth - 1, using: &random) })
        default:
            .object(
                Dictionary(
                    (0..<Int.random(in: 0...5, using: &random)).map { _ in
                        (text(using: &random), value(depth: depth - 1, using: &random))
                    },
                    uniquingKeysWith: { $1 }
                )
            )
        }
    }

    private static func text(using random: inout SeededRandom) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let limit: UInt32 = [0x20, 0x80, 0x800, 0x1_0000, 0x11_0000].randomElement(using: &random) ?? 0x80
            // Surrogates are no characters.
            let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) ?? "\\"
            text.unicodeScalars.append(Int.random(in: 0..<6, using: &random) == 0 ? "\"" : scalar)
        }
        return text
    }
}

@Suite("Depth of JSON")
struct JSONDepthTests {
    private func nested(_ depth: Int, _ core: String = "") -> [UInt8] {
        Array((String(repeating: "[", count: depth) + core + String(repeating: "]", count: depth)).utf8)
    }

    @Test func `the limit itself is read, one more is not`() throws {
        #expect(!JSON.isTooDeep(nested(JSON.depthLimit)) && JSON.isTooDeep(nested(JSON.depthLimit + 1)))
        #expect(try JSON.decode(JSONValue.self, from: nested(JSON.depthLimit)).arrayValue?.count == 1)
        #expect(throws: DecodingError.self) { try JSON.decode(JSONValue.self, from: nested(JSON.depthLimit + 1)) }
    }

    @Test func `objects count like arrays`() {
        let half = JSON.depthLimit / 2
        func mixed(_ count: Int) -> [UInt8] {
            Array((String(repeating: "[{\"a\":", count: count) + "1" + String(repeating: "}]", count: count)).utf8)
        }
        #expect(!JSON.isTooDeep(mixed(half)) && JSON.isTooDeep(mixed(half + 1)))
    }

    @Test func `what stands side by side is not deep`() throws {
        let wide = "[" + Array(repeating: "[[]]", count: 5000).joined(separator: ",") + "]"
        #expect(!JSON.isTooDeep(Array(wide.utf8)))
        #expect(try JSON.decode(JSONValue.self, from: Array(wide.utf8)).arrayValue?.count == 5000)
    }

    @Test func `brackets in texts do not count, however they are quoted`() throws {
        let brackets = String(repeating: "[{", count: 100)
        for text in [brackets, "\\\"" + brackets, "\\\\\\\"" + brackets, brackets + "\\\\", "\\u005b" + brackets] {
            let document = Array("[\"\(text)\"]".utf8)
            #expect(!JSON.isTooDeep(document), "\(text)")
            #expect(try JSON.decode([String].self, from: document).count == 1)
        }
        // A backslash that is itself escaped does not keep the text open.
        let open = "[\"\\\\\"," + String(repeating: "[", count: 100)
        #expect(JSON.isTooDeep(Array(open.utf8)))
    }

    @Test func `what is no document is left to the decoder`() {
        for text in ["", "]]]", "\"", "\"\\", String(repeating: "]", count: 1000)] {
            #expect(!JSON.isTooDeep(Array(text.utf8)))
            #expect(throws: (any Error).self) { try JSON.decode(JSONValue.self, from: Array(text.utf8)) }
        }
    }
}
