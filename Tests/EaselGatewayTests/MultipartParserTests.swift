import Foundation
import Testing
import TestTools

@testable import EaselGateway

/// The framing of forms.
struct MultipartParserTests {
    private func form() -> FormBody {
        var form = FormBody()
        form.add("prompt", "a kite")
        form.addFile("image", [0, 13, 10, 45, 45, 255], fileName: "a.png")
        form.add("empty", "")
        return form
    }

    @Test func `parts come back as they were put in`() throws {
        let form = form()
        let parts = try MultipartParser.parse(form.body, boundary: form.boundary)
        #expect(parts.map(\.name) == ["prompt", "image", "empty"])
        #expect(parts.map(\.fileName) == [nil, "a.png", nil])
        #expect(parts.map { Array($0.bytes) } == [Array("a kite".utf8), [0, 13, 10, 45, 45, 255], []])
        #expect(parts[0].text == "a kite")
        #expect(parts[1].text == nil)
    }

    @Test func `a form cut at any byte before its end is truncated`() throws {
        let form = form()
        // Everything up to the two dashes of the closing delimiter is needed; the line break behind them is not.
        for length in 0..<form.body.count - 2 {
            #expect(throws: MultipartParser.Fault.self, "cut at \(length)") {
                try MultipartParser.parse(Array(form.body[..<length]), boundary: form.boundary)
            }
        }
        #expect(try MultipartParser.parse(Array(form.body.dropLast(2)), boundary: form.boundary).count == 3)
    }

    @Test func `another boundary finds nothing`() {
        let form = form()
        #expect(throws: MultipartParser.Fault.truncated) { try MultipartParser.parse(form.body, boundary: "other") }
        #expect(throws: MultipartParser.Fault.self) {
            try MultipartParser.parse(form.body, boundary: String(form.boundary.dropLast()))
        }
    }

    @Test func `a preamble and an epilogue are skipped`() throws {
        let form = form()
        let body = Array("preamble\r\n".utf8) + form.body + Array("epilogue".utf8)
        #expect(try MultipartParser.parse(body, boundary: form.boundary).count == 3)
    }

    @Test func `a form of no parts is empty`() throws {
        #expect(try MultipartParser.parse(FormBody().body, boundary: FormBody().boundary).isEmpty)
    }

    @Test(arguments: [
        ("name=\"a\\\"b\"", "a\"b"), ("name=\"a;b\"", "a;b"), ("name=plain", "plain"), ("name=\"\"", ""),
        ("name=\"ä\"", "ä"), ("filename=\"name=x\"; name=y", "y"), ("NAME=\"upper\"", "upper"),
        ("name=\"C:\\\\x\"", "C:\\x"),
    ])
    func `names may be quoted and escaped`(_ disposition: String, _ name: String) throws {
        let body = "--b\r\ncontent-disposition: form-data; \(disposition)\r\n\r\nx\r\n--b--\r\n"
        #expect(try MultipartParser.parse(Array(body.utf8), boundary: "b").map(\.name) == [name])
    }

    /// File names as browsers, scripts and phones send them; what they say does not matter.
    @Test(
        arguments: [
            Array("filename=\"caf".utf8) + [0xE9] + Array(".jpg\"".utf8),
            Array("filename=\"".utf8) + [0x95, 0x5C, 0x22],
            Array("filename=\"\"".utf8), Array("filename=".utf8),
            Array("filename=\"=?UTF-8?Q?caf=C3=A9=2Ejpg?=\"".utf8),
            Array("filename*=UTF-8''caf%C3%A9.jpg".utf8), Array("filename=\"x\"; filename*=iso-8859-1'de'%E4".utf8),
            Array("filename=\"a\"b\".jpg\"".utf8), Array("filename=\"C:\\dir\\\"".utf8),
            Array("filename=\"a;b=c.jpg\"".utf8),
            Array("filename=\"\u{301}\u{200D}.jpg\"".utf8), Array("filename=\"".utf8) + Array(0x80...0xFF) + [0x22],
            Array("filename=\"\u{0}\u{1}\"".utf8),
        ] as [[UInt8]]
    )
    func `a file name in any charset does not matter`(_ fileName: [UInt8]) throws {
        for disposition in [Array("name=\"image\"; ".utf8) + fileName, fileName + Array("; name=\"image\"".utf8)] {
            let head = Array("--b\r\nContent-Disposition: form-data; ".utf8) + disposition
            let body =
                head + Array("\r\nContent-Type: image/jpeg\r\n\r\n".utf8) + [0xFF, 0xD8] + Array("\r\n--b--\r\n".utf8)
            let parts = try MultipartParser.parse(body, boundary: "b")
            #expect(parts.map(\.name) == ["image"], "\(String(decoding: disposition, as: UTF8.self))")
            #expect(parts.first?.fileName != nil)
            #expect(parts.first.map { Array($0.bytes) } == [0xFF, 0xD8])
        }
    }

    @Test(arguments: [
        "--b\r\n\r\nx\r\n--b--\r\n", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"open\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Disposition: form-data; filename=a\r\n\r\nx\r\n--b--\r\n",
        "--bx\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--\r\n",
        "--b\nContent-Disposition: form-data; name=a\n\nx\n--b--\n",
    ])
    func `a head without a name, and wrong line breaks, are refused`(_ body: String) {
        #expect(throws: MultipartParser.Fault.self) { try MultipartParser.parse(Array(body.utf8), boundary: "b") }
    }

    @Test(
        arguments: [
            ("multipart/form-data; boundary=abc", "abc"), ("multipart/form-data; boundary=\"a b\"", "a b"),
            ("multipart/form-data;charset=utf-8;Boundary=x", "x"), ("multipart/form-data", nil),
            ("multipart/form-data; boundary=", nil),
            ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), nil),
        ] as [(String, String?)]
    )
    func `the boundary is taken from the content type`(_ value: String, _ boundary: String?) {
        #expect(MultipartParser.boundary(of: value) == boundary)
    }

    @Test func `parts and heads have limits`() throws {
        var many = FormBody()
        for number in 0..<MultipartParser.maxParts { many.add("f\(number)", "x") }
        #expect(try MultipartParser.parse(many.body, boundary: many.boundary).count == MultipartParser.maxParts)
        many.add("more", "x")
        #expect(throws: MultipartParser.Fault.tooManyParts) {
            try MultipartParser.parse(many.body, boundary: many.boundary)
        }
        var wide = FormBody()
        wide.addFile("f", [1], fileName: String(repeating: "x", count: MultipartParser.maxHeadBytes))
        #expect(throws: MultipartParser.Fault.malformed) {
            try MultipartParser.parse(wide.body, boundary: wide.boundary)
        }
    }

    @Test func `changed bytes never crash`() async {
        var random = SeededRandom(seed: 5)
        let form = form()
        for round in 0..<3000 {
            // Others want the processor too.
            if round % 50 == 0 { await Task.yield() }
            var bytes = form.body
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] =
                    [13, 10, 45, 34, 59, 61, 0, 255].randomElement(using: &random) ?? 0
            }
            bytes.removeLast(Int.random(in: 0...3, using: &random))
            guard let parts = try? MultipartParser.parse(bytes, boundary: form.boundary) else { continue }
            #expect(parts.reduce(0) { $0 + $1.bytes.count } < bytes.count)
            _ = MultipartDraft(parts)
        }
    }
}
