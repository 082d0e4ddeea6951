import EaselBase
package import EaselCore

/// A `multipart/form-data` body (RFC 7578), as both the bytes and the parts they are made of.
package struct MultipartBody: Sendable, Hashable {
    package struct Part: Sendable, Hashable {
        package enum Value: Sendable, Hashable {
            case text(String)
            /// A JSON part: its own content type, no file name (docs/providers/ideogram.md, 1.2).
            case json(String)
            case file(name: String, mediaType: String, bytes: [UInt8])
        }

        package let name: String
        package let value: Value
    }

    package private(set) var parts: [Part] = []

    package init() {}

    package mutating func add(_ name: String, _ text: String?) {
        guard let text else { return }
        parts.append(Part(name: name, value: .text(text)))
    }

    package mutating func addJSON(_ name: String, _ text: String) {
        parts.append(Part(name: name, value: .json(text)))
    }

    package mutating func addFile(_ name: String, _ image: SourceImage) {
        let value = Part.Value.file(
            name: "\(name).\(image.format.fileExtension)",
            mediaType: image.format.mediaType,
            bytes: image.bytes
        )
        parts.append(Part(name: name, value: value))
    }

    /// The bytes between a boundary that occurs in none of the parts: 128 random bits cannot be met by chance.
    package func encode(boundary: String) -> [UInt8] {
        var body: [UInt8] = []
        var size = 64
        for part in parts {
            if case .file(_, _, let bytes) = part.value { size += bytes.count + 256 } else { size += 2304 }
        }
        body.reserveCapacity(size)
        for part in parts {
            body += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\"".utf8
            switch part.value {
            case .text(let text):
                body += "\r\n\r\n".utf8
                body += text.utf8
            case .json(let text):
                body += "\r\nContent-Type: application/json\r\n\r\n".utf8
                body += text.utf8
            case .file(let name, let mediaType, let bytes):
                body += "; filename=\"\(name)\"\r\nContent-Type: \(mediaType)\r\n\r\n".utf8
                body += bytes
            }
            body += "\r\n".utf8
        }
        body += "--\(boundary)--\r\n".utf8
        return body
    }

    package static func freshBoundary() -> String {
        "easel-" + Hex.encode(Crypto.randomBytes(16))
    }
}
