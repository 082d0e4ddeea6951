import EaselBase

/// Runware's own words: its envelope with at least one error of its form.
enum RunwareWords {
    static func areOwn(_ members: [String: JSONValue], status: Int) -> Bool {
        members["errors"]?.arrayValue?.contains { isError($0) } == true
    }

    private static func isError(_ value: JSONValue) -> Bool {
        guard let code = value["code"]?.stringValue, value["message"]?.stringValue != nil else { return false }
        return isCode(code)
    }

    /// Codes are words in camel case; other people's are numbers, or words with blanks and signs.
    static func isCode(_ text: String) -> Bool {
        guard let first = text.utf8.first, (97...122).contains(first), text.utf8.count <= 80 else { return false }
        return text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
    }
}
