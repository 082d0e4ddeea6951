import Testing

@testable import EaselSandbox

struct MultipartFormTests {
    let type = "multipart/form-data; boundary=xyz"

    @Test func `parts are told apart with their names, files and bytes`() throws {
        let body =
            "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n"
            + "--xyz\r\nContent-Type: image/png\r\nContent-Disposition: form-data; name=\"b\"; filename=\"x;y.png\"\r\n\r\n"
            + "\r\n--xy\r\n\r\n--xyz--\r\n"
        let form = try MultipartForm(
            contentType: "Multipart/Form-Data; charset=utf-8; boundary=\"xyz\"",
            body: Array(body.utf8)
        )
        #expect(form.parts.map(\.name) == ["a", "b"])
        #expect(form.text("a") == "one")
        #expect(form.parts[1].fileName == "x;y.png" && form.parts[1].contentType == "image/png")
        #expect(form.parts[1].text == "\r\n--xy\r\n")
        #expect(form.text("b") == nil)
    }

    @Test func `an empty value is a value`() throws {
        let body = "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--xyz--"
        #expect(try MultipartForm(contentType: type, body: Array(body.utf8)).text("a") == "")
    }

    static let malformed = [
        "", "--xyz", "--xyz\r\n", "--abc\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--abc--",
        "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none", "--xyz\r\nno header\r\n\r\none\r\n--xyz--",
        "--xyz\r\nContent-Type: text/plain\r\n\r\none\r\n--xyz--",
        "--xyz\r\nContent-Disposition: form-data\r\n\r\none\r\n--xyz--",
        "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--xyzw",
    ]

    @Test(arguments: malformed.indices)
    func `a malformed body is refused`(index: Int) {
        let body = Array(Self.malformed[index].utf8)
        #expect(throws: MultipartForm.Fault.self) { try MultipartForm(contentType: type, body: body) }
    }

    @Test func `another content type is named`() {
        #expect(throws: MultipartForm.Fault.otherContentType("application/json")) {
            try MultipartForm(contentType: "application/json", body: [])
        }
        #expect(throws: MultipartForm.Fault.noBoundary) {
            try MultipartForm(contentType: "multipart/form-data", body: [])
        }
    }
}
