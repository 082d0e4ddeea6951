/// A `multipart/form-data` body made by hand, so that the encoder of the sources does not prove the parser of the sources.
package struct FormBody: Sendable {
    /// What stands between the parts.
    package let boundary: String
    private var bytes: [UInt8] = []

    /// An empty form.
    package init(boundary: String = "easel-test-boundary") {
        self.boundary = boundary
    }

    /// The value of `Content-Type`.
    package var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// Adds a part of text.
    package mutating func add(_ name: String, _ value: String) {
        part("name=\"\(name)\"", extra: "", Array(value.utf8))
    }

    /// Adds a file.
    package mutating func addFile(
        _ name: String,
        _ content: [UInt8],
        fileName: String = "picture",
        type: String = "application/octet-stream"
    ) {
        part("name=\"\(name)\"; filename=\"\(fileName)\"", extra: "Content-Type: \(type)\r\n", content)
    }

    private mutating func part(_ disposition: String, extra: String, _ content: [UInt8]) {
        bytes += Array("--\(boundary)\r\nContent-Disposition: form-data; \(disposition)\r\n\(extra)\r\n".utf8)
        bytes += content + [13, 10]
    }

    /// The whole body with its closing delimiter.
    package var body: [UInt8] { bytes + Array("--\(boundary)--\r\n".utf8) }
}
