import EaselCore
import EaselProviders
import Foundation
import Testing

struct MultipartBodyTests {
    @Test func `parts are encoded as RFC 7578 has it`() {
        var body = MultipartBody()
        body.addFile("image", Requests.image)
        body.add("prompt", "a\r\n--b")
        body.add("absent", nil)
        body.addJSON("image_request", "{\"prompt\":\"x\"}")
        let expected = [
            "--b0", "Content-Disposition: form-data; name=\"image\"; filename=\"image.png\"", "Content-Type: image/png",
            "", "picture",
            "--b0", "Content-Disposition: form-data; name=\"prompt\"", "", "a", "--b",
            "--b0", "Content-Disposition: form-data; name=\"image_request\"", "Content-Type: application/json", "",
            "{\"prompt\":\"x\"}",
            "--b0--", "",
        ]
        #expect(String(decoding: body.encode(boundary: "b0"), as: UTF8.self) == expected.joined(separator: "\r\n"))
    }

    @Test func `bytes of a file pass unchanged`() {
        let bytes = (0...255).map { UInt8($0) }
        var body = MultipartBody()
        body.addFile("image", SourceImage(bytes: bytes, format: .webp, size: PixelSize(width: 1, height: 1)))
        let encoded = Data(body.encode(boundary: "b"))
        #expect(encoded.range(of: Data(bytes)) != nil)
        #expect(encoded.range(of: Data("Content-Type: image/webp\r\n\r\n".utf8)) != nil)
    }

    @Test func `boundaries are new each time and allowed by RFC 2046`() {
        let boundaries = (0..<100).map { _ in MultipartBody.freshBoundary() }
        #expect(Set(boundaries).count == 100)
        let allowed = Set("0123456789abcdefghijklmnopqrstuvwxyz-")
        for boundary in boundaries {
            #expect((1...70).contains(boundary.utf8.count) && boundary.allSatisfy { allowed.contains($0) })
        }
    }
}
