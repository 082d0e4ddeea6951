import Foundation

/// One part of a `multipart/form-data` body.
struct FormPart: Sendable, Equatable {
    let name: String
    /// Nil for a plain field.
    let fileName: String?
    let contentType: String?
    let bytes: [UInt8]

    /// The bytes as text, if they are UTF-8.
    var text: String? { String(validating: bytes, as: UTF8.self) }
}

/// A `multipart/form-data` body (RFC 7578), read strictly: every boundary and header line must be where it belongs.
struct MultipartForm: Sendable, Equatable {
    let parts: [FormPart]

    /// Why a body cannot be read.
    enum Fault: Error, Sendable, Equatable {
        /// The content type is another one; it is named.
        case otherContentType(String)
        case noBoundary
        /// The text says what is wrong with the body.
        case malformed(String)
    }

    init(contentType: String?, body: [UInt8]) throws(Fault) {
        let type = contentType ?? ""
        let pieces = type.split(separator: ";")
        guard pieces.first?.trimmingCharacters(in: .whitespaces).lowercased() == "multipart/form-data" else {
            throw .otherContentType(type)
        }
        let boundaries = pieces.dropFirst().compactMap { Self.parameter("boundary", $0) }
        guard let boundary = boundaries.first, (1...70).contains(boundary.utf8.count) else { throw .noBoundary }
        parts = try Self.parts(Data(body), boundary: boundary)
    }

    /// The plain field of that name; the first where it is repeated.
    func text(_ name: String) -> String? { parts.first { $0.name == name && $0.fileName == nil }?.text }

    /// All parts of a name, in order.
    func all(_ name: String) -> [FormPart] { parts.filter { $0.name == name } }

    private static func parts(_ body: Data, boundary: String) throws(Fault) -> [FormPart] {
        let opening = Data("--\(boundary)\r\n".utf8)
        let separator = Data("\r\n--\(boundary)".utf8)
        let blankLine = Data("\r\n\r\n".utf8)
        guard body.starts(with: opening) else { throw .malformed("the body does not begin with its boundary") }
        var parts: [FormPart] = []
        var position = body.startIndex + opening.count
        while true {
            guard let headEnd = body.range(of: blankLine, in: position..<body.endIndex) else {
                throw .malformed("the head of a part does not end")
            }
            // An empty body is allowed to share its blank line with the boundary behind it.
            guard let end = body.range(of: separator, in: headEnd.upperBound - 2..<body.endIndex) else {
                throw .malformed("a part does not end with the boundary")
            }
            let content = headEnd.upperBound..<max(headEnd.upperBound, end.lowerBound)
            parts.append(try part(head: body[position..<headEnd.lowerBound], content: [UInt8](body[content])))
            let behind = body[end.upperBound...]
            if behind.starts(with: Data("--".utf8)) { return parts }
            guard behind.starts(with: Data("\r\n".utf8)) else {
                throw .malformed("a boundary is followed by something else")
            }
            position = end.upperBound + 2
        }
    }

    private static func part(head: Data, content: [UInt8]) throws(Fault) -> FormPart {
        guard let text = String(data: head, encoding: .utf8) else { throw .malformed("the head of a part is no UTF-8") }
        var disposition: String?
        var contentType: String?
        for line in text.components(separatedBy: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed("a header line has no colon") }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            switch line[..<colon].lowercased() {
            case "content-disposition": disposition = value
            case "content-type": contentType = value
            default: break
            }
        }
        guard let disposition, disposition.lowercased().hasPrefix("form-data") else {
            throw .malformed("a part has no form-data disposition")
        }
        let parameters = splitParameters(disposition)
        guard let name = parameters.compactMap({ parameter("name", $0) }).first else {
            throw .malformed("a part has no name")
        }
        let fileName = parameters.compactMap { parameter("filename", $0) }.first
        return FormPart(name: name, fileName: fileName, contentType: contentType, bytes: content)
    }

    /// Splits at semicolons outside quotes.
    private static func splitParameters(_ text: String) -> [Substring] {
        var quoted = false
        return text.split { character in
            if character == "\"" { quoted.toggle() }
            return character == ";" && !quoted
        }
    }

    /// The value of `name=value` or `name="value"`.
    private static func parameter(_ name: String, _ text: Substring) -> String? {
        let pair = text.split(separator: "=", maxSplits: 1)
        guard pair.count == 2, pair[0].trimmingCharacters(in: .whitespaces).lowercased() == name else { return nil }
        let value = pair[1].trimmingCharacters(in: .whitespaces)
        guard value.hasPrefix("\"") else { return value.isEmpty ? nil : value }
        guard value.count >= 2, value.hasSuffix("\"") else { return nil }
        return String(value.dropFirst().dropLast())
    }
}
