import EaselBase

/// Reads a `multipart/form-data` body (RFC 7578, RFC 2046 section 5.1) that is whole in memory. Strict about framing, so
/// that a body that was cut off is not taken for a shorter one.
enum MultipartParser {
    static let maxParts = 64
    static let maxHeadBytes = 8192

    struct Part {
        let name: String
        let fileName: String?
        let bytes: ArraySlice<UInt8>

        var text: String? { String(foreign: bytes) }
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
        guard let found = parameters(of: ArraySlice(contentType.utf8)).found["boundary"],
            (1...70).contains(found.utf8.count)
        else {
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
        if StackedMarks.find(in: head) != nil { throw .malformed }
        var start = head.startIndex
        while start < head.endIndex {
            let end = head[start...].firstIndex(of: 13) ?? head.endIndex
            let line = head[start..<end]
            start = min(end + 2, head.endIndex)
            guard let colon = line.firstIndex(of: 58),
                String(decoding: line[..<colon], as: UTF8.self).lowercased() == "content-disposition"
            else { continue }
            let value = line[(colon + 1)...]
            var (found, isClosed) = parameters(of: value)
            // Browsers and charsets such as Shift JIS leave backslashes that escape nothing.
            if !isClosed || found["name"] == nil { (found, isClosed) = parameters(of: value, isLenient: true) }
            guard let name = found["name"] else { throw .malformed }
            return Part(name: name, fileName: found["filename"] ?? found["filename*"], bytes: content)
        }
        throw .malformed
    }

    /// `; name=value; name="quoted value"` after the first item of a header.
    ///
    /// Read byte by byte: a file name may be in any charset, and what it says does not matter; bytes that are no UTF-8 are
    /// replaced. `isClosed` is false where a quote is not. `isLenient` takes a backslash for itself and passes over what follows a closing quote.
    private static func parameters(of header: ArraySlice<UInt8>, isLenient: Bool = false) -> (
        found: [String: String], isClosed: Bool
    ) {
        let (quote, backslash, semicolon): (UInt8, UInt8, UInt8) = (34, 92, 59)
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
        var found: [String: String] = [:]
        var rest = header.drop { $0 != semicolon }
        while rest.first == semicolon {
            rest = rest.dropFirst().drop(while: isBlank)
            guard let equals = rest.firstIndex(of: 61) else { break }
            let name = String(decoding: rest[..<equals], as: UTF8.self).lowercased()
            rest = rest[(equals + 1)...]
            var value: [UInt8] = []
            if rest.first == quote {
                rest = rest.dropFirst()
                var closed = false
                while let byte = rest.popFirst() {
                    if byte == quote {
                        closed = true
                        break
                    }
                    if !isLenient, byte == backslash, let next = rest.first, next == quote || next == backslash {
                        value.append(next)
                        rest = rest.dropFirst()
                    } else {
                        value.append(byte)
                    }
                }
                guard closed else { return (found, false) }
            } else {
                value = Array(rest.prefix { $0 != semicolon && $0 != 32 })
                rest = rest.dropFirst(value.count)
            }
            // The first of two is meant: what follows may be the rest of a file name that was not escaped.
            if found[name] == nil { found[name] = String(decoding: value, as: UTF8.self) }
            rest = isLenient ? rest.drop { $0 != semicolon } : rest.drop(while: isBlank)
        }
        return (found, true)
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
