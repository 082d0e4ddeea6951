import EaselBase

extension SettingReader {
    /// The largest file that a secret is read from.
    private static let secretFileLimit = 64 * 1024

    /// A secret: a scalar, or `{ file: PATH }` without the newline at the file's end. No message ever repeats it (S2).
    ///
    /// `problem` looks at the secret and says what is wrong with it, as a sentence that does not hold it.
    func secret(_ problem: (String) -> String? = SecretRules.headerValue) -> Secret? {
        let found: String?
        switch node.content {
        case .mapping: found = secretFromFile()
        case .sequence:
            fault("wants a text, `${NAME}` or `{ file: PATH }`, not a list")
            return nil
        case .scalar: found = text()
        }
        guard var found else { return nil }
        // Blanks behind a key come with copying; where a secret may not hold them they are not meant.
        let trimmed = found.trimmedBehind
        if problem(found) != nil, !trimmed.isEmpty, problem(trimmed) == nil { found = trimmed }
        if let sentence = problem(found) {
            fault(sentence)
            return nil
        }
        return Secret(found)
    }

    private func secretFromFile() -> String? {
        guard let section = section() else { return nil }
        defer { section.finish() }
        guard let setting = section.required("file", "name the file that holds the secret"), let path = setting.text()
        else { return nil }
        let bytes: [UInt8]
        do throws(InputFile.Failure) {
            bytes = try InputFile.bytes(path, atMost: Self.secretFileLimit)
        } catch {
            let mend = "check that the file exists and that this user may read it"
            setting.fault("cannot be read (\(error.cause.sentence)); \(mend)")
            return nil
        }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            setting.fault("is not a secret: it is not text")
            return nil
        }
        if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
        guard !text.isEmpty else {
            setting.fault("is empty; write the secret into it")
            return nil
        }
        return text
    }
}

extension String {
    /// Without spaces, tabs and line breaks at its end.
    fileprivate var trimmedBehind: String {
        var end = unicodeScalars.endIndex
        while end > unicodeScalars.startIndex {
            let before = unicodeScalars.index(before: end)
            guard " \t\r\n".unicodeScalars.contains(unicodeScalars[before]) else { break }
            end = before
        }
        return String(unicodeScalars[..<end])
    }
}

/// What a secret must look like for its use; each answers nil or what is wrong, without the secret.
package enum SecretRules {
    /// Sent in a header: visible ASCII without spaces.
    static func headerValue(_ text: String) -> String? {
        text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            ? nil : "holds a space, a line break or a character outside ASCII; a key has none"
    }

    /// The admin key: whoever has it may do everything, so it is no word that can be guessed.
    package static func adminKey(_ text: String) -> String? {
        if let problem = headerValue(text) { return problem }
        let mend = "`openssl rand -hex 24` makes the rest of one, and without admin_key Easel makes its own"
        guard text.hasPrefix(adminKeyPrefix) else { return "does not begin with \(adminKeyPrefix); \(mend)" }
        return text.utf8.count < adminKeyLength
            ? "is too short: \(adminKeyLength) characters at least, \(adminKeyPrefix) included; \(mend)" : nil
    }

    static let adminKeyPrefix = "esl_"
    static let adminKeyLength = 24
}
