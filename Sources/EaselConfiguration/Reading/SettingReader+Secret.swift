import Foundation

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
        guard let found else { return nil }
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
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: Self.secretFileLimit + 1)
        else {
            setting.fault("cannot be read; check that the file exists and that this user may read it")
            return nil
        }
        guard data.count <= Self.secretFileLimit, var text = String(validating: data, as: UTF8.self) else {
            setting.fault("is no secret: it is not text, or larger than \(Self.secretFileLimit / 1024) KiB")
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

/// What a secret must look like for its use; each answers nil or what is wrong, without the secret.
enum SecretRules {
    /// Sent in a header: visible ASCII without spaces.
    static func headerValue(_ text: String) -> String? {
        text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            ? nil : "holds a space, a line break or a character outside ASCII; a key has none"
    }

    /// A connection to PostgreSQL as libpq takes it.
    static func databaseURL(_ text: String) -> String? {
        if let problem = headerValue(text) { return problem }
        return text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
            ? nil : "is not a PostgreSQL address; write postgresql://USER@HOST/DATABASE"
    }
}
