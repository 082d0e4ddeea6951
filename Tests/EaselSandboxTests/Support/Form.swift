import EaselBase

/// A `multipart/form-data` body as a client writes it.
struct Form: Sendable {
    static let boundary = "----sandbox-test-4d2a"

    var parts: [(head: String, bytes: [UInt8])] = []
    var contentType = "multipart/form-data; boundary=\(boundary)"

    func text(_ name: String, _ value: String) -> Form {
        var form = self
        form.parts.append(("Content-Disposition: form-data; name=\"\(name)\"", Array(value.utf8)))
        return form
    }

    func json(_ name: String, _ value: JSONValue) -> Form {
        var form = self
        let head = "Content-Disposition: form-data; name=\"\(name)\"\r\nContent-Type: application/json"
        form.parts.append((head, (try? JSON.encode(value)) ?? []))
        return form
    }

    func file(_ name: String, _ bytes: [UInt8], type: String = "image/png") -> Form {
        var form = self
        let head = "Content-Disposition: form-data; name=\"\(name)\"; filename=\"image.png\"\r\nContent-Type: \(type)"
        form.parts.append((head, bytes))
        return form
    }

    /// Without the parts of that name.
    func without(_ name: String) -> Form {
        var form = self
        form.parts.removeAll { $0.head.contains("name=\"\(name)\"") }
        return form
    }

    var body: [UInt8] {
        var body: [UInt8] = []
        for part in parts {
            body += Array("--\(Self.boundary)\r\n\(part.head)\r\n\r\n".utf8) + part.bytes + Array("\r\n".utf8)
        }
        return body + Array("--\(Self.boundary)--\r\n".utf8)
    }
}
