extension TeamRecord {
    /// What `isName` takes, as a regular expression.
    package static let namePattern = "^[A-Za-z0-9._-]{1,64}$"

    /// Whether a team may be called this, through whatever door it comes (S4).
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || [45, 46, 95].contains(byte)
            }
    }
}
