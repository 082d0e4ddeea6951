/// Reads a `multipart/form-data` body (RFC 7578, RFC 2046 section 5.1) that is whole in memory. Strict about framing, so
/// that a body that was cut off is not taken for a shorter one.
enum MultipartParser {
    static let maxParts = 64
    static let maxHeadBytes = 8192

    struct Part {
        let name: String
        let fileName: String?
        let bytes: ArraySlice<UInt8>

        var text: String? { String(validating: bytes, as: UTF8.self) }
    }

    enum Fault: Error, Equatable {
        case noBoundary
        case truncated
        case malformed
        case tooManyParts

        var sentence: String {
            switch self {
            case .noBoundary: "the Content-Type names no boundary"
            case .truncated: "the multipart body ends before its closing boundary"
            case .malformed: "a part's head is malformed"
            case .tooManyParts: "there are more than \(MultipartParser.maxParts) parts"
            }
        }
    }

    /// The boundary of a Content-Type value.
    static func boundary(of contentType: String) -> String? {
        guard let found = parameters(of: contentType)["boundary"], (1...70).contains(found.utf8.count) else {
            return nil
        }
        return found
    }

    static func parse(_ body: [UInt8], boundary: String) throws(Fault) -> [Part] {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        var parts: [Part] = []
        // The first delimiter may stand at the very beginning, without the line break that belongs to the others.
        guard var position = firstDelimiter(in: body, delimiter) else { throw .truncated }
        while true {
            if body.starts(with: [45, 45], at: position) { return parts }
            guard let start = body.afterLineBreak(position) else { throw .truncated }
            guard parts.count < maxParts else { throw .tooManyParts }
            guard let headEnd = body.firstIndex(of: [13, 10, 13, 10], from: start, limit: maxHeadBytes) else {
                throw body.count - start > maxHeadBytes ? .malformed : .truncated
            }
            let contentStart = headEnd + 4
            // A part without content: the delimiter's line break is the head's.
            guard let end = body.firstIndex(of: delimiter, from: contentStart - 2) else { throw .truncated }
            let content = body[min(contentStart, max(contentStart, end))..<max(contentStart, end)]
            parts.append(try part(head: body[start..<headEnd], content: content))
            position = end + delimiter.count
        }
    }

    private static func firstDelimiter(in body: [UInt8], _ delimiter: [UInt8]) -> Int? {
        if body.starts(with: Array(delimiter.dropFirst(2)), at: 0) { return delimiter.count - 2 }
        return body.firstIndex(of: delimiter, from: 0).map { $0 + delimiter.count }
    }

    private static func part(head: ArraySlice<UInt8>, content: ArraySlice<UInt8>) throws(Fault) -> Part {
        guard let text = String(validating: head, as: UTF8.self) else { throw .malformed }
        for line in text.split(separator: "\r\n") {
            let sides = line.split(separator: ":", maxSplits: 1)
            guard sides.count == 2, sides[0].lowercased() == "content-disposition" else { continue }
            let parameters = parameters(of: String(sides[1]))
            guard let name = parameters["name"] else { throw .malformed }
            return Part(name: name, fileName: parameters["filename"], bytes: content)
        }
        throw .malformed
    }

    /// `; name=value; name="quoted value"` after the first item of a header.
    private static func parameters(of header: String) -> [String: String] {
        var found: [String: String] = [:]
        var rest = Substring(header)
        guard let first = rest.firstIndex(of: ";") else { return [:] }
        rest = rest[first...]
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            guard let equals = rest.firstIndex(of: "=") else { break }
            let name = rest[..<equals].lowercased()
            rest = rest[rest.index(after: equals)...]
            var value = ""
            if rest.first == "\"" {
                rest = rest.dropFirst()
                var closed = false
                while let character = rest.popFirst() {
                    if character == "\"" {
                        closed = true
                        break
                    }
                    if character == "\\", let next = rest.first, next == "\"" || next == "\\" {
                        value.append(next)
                        rest = rest.dropFirst()
                    } else {
                        value.append(character)
                    }
                }
                guard closed else { break }
            } else {
                value = String(rest.prefix { $0 != ";" && $0 != " " })
                rest = rest.dropFirst(value.count)
            }
            found[name] = value
            rest = rest.drop { $0 == " " || $0 == "\t" }
        }
        return found
    }
}

extension [UInt8] {
    fileprivate func starts(with pattern: [UInt8], at index: Int) -> Bool {
        guard index + pattern.count <= count else { return false }
        return self[index..<index + pattern.count].elementsEqual(pattern)
    }

    /// Behind optional padding and the line break that ends a delimiter line.
    fileprivate func afterLineBreak(_ index: Int) -> Int? {
        var position = index
        while position < count, self[position] == 32 || self[position] == 9 { position += 1 }
        return starts(with: [13, 10], at: position) ? position + 2 : nil
    }

    /// The first place of a pattern; looks for its first byte with the standard library's quick search.
    fileprivate func firstIndex(of pattern: [UInt8], from start: Int, limit: Int = .max) -> Int? {
        let last = Swift.min(count - pattern.count, limit == .max ? .max : start + limit)
        guard let first = pattern.first, start <= last else { return nil }
        return withUnsafeBufferPointer { buffer in
            var position = start
            while position <= last {
                guard let found = buffer[position...last].firstIndex(of: first) else { return nil }
                var matched = 1
                while matched < pattern.count, buffer[found + matched] == pattern[matched] { matched += 1 }
                if matched == pattern.count { return found }
                position = found + 1
            }
            return nil
        }
    }
}
