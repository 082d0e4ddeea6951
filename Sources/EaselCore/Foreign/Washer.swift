import EaselBase

/// Finds out whether a text of somebody else's repeats something that must not come back: a key, a prompt (S2).
///
/// Of a secret any eight characters in a row count, whatever their case; of a prompt 24, with runs of blanks as one. A
/// secret or a prompt that is shorter counts as a whole, from four characters on.
package struct Washer: Sendable {
    package static let secretLength = 8
    package static let promptLength = 24
    private static let shortest = 4

    private let secrets: [String]
    private let prompts: [String]

    package init(secrets: [String], prompts: [String] = []) {
        self.secrets = secrets
        self.prompts = prompts
    }

    /// Whether the text may go on to callers, logs and tables. Looks at the first 4 KiB, which is
    /// more than is ever kept.
    package func isClean(_ text: String) -> Bool {
        guard text.utf8.count >= Self.shortest, !(secrets.isEmpty && prompts.isEmpty) else { return true }
        let folded = Self.folded(ForeignText.cut(text, to: ForeignText.mostRead))
        return !secrets.contains { Self.shares(folded, Self.folded($0), Self.secretLength, isKnown: true) }
            && !prompts.contains { Self.shares(folded, Self.folded($0), Self.promptLength, isKnown: false) }
    }

    /// The text when it is clean, or nil.
    package func clean(_ text: String) -> String? { isClean(text) ? text : nil }

    // MARK: - Comparing

    /// Lower case, and runs of blanks and control characters as one blank.
    private static func folded(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.lowercased().utf8 {
            if byte <= 0x20 {
                if bytes.last != 0x20 { bytes.append(0x20) }
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    /// What every key may begin with says nothing of it: these words are not secrets.
    private static let publicWords = windows(
        of: Array(" ideogram ideogram- ideogram_ runware runware- runware_ sandbox api-key api_key apikey ".utf8),
        secretLength
    )

    /// Whether so many bytes in a row are in both: one pass over each (the hashes of one's windows, looked up with the
    /// other's).
    private static func shares(_ text: [UInt8], _ secret: [UInt8], _ length: Int, isKnown: Bool) -> Bool {
        guard secret.count >= shortest, text.count >= min(length, secret.count) else { return false }
        let length = min(length, secret.count)
        var wanted = windows(of: secret, length)
        if isKnown, length == secretLength { wanted.subtract(publicWords) }
        guard !wanted.isEmpty else { return false }
        var found = false
        roll(over: text, length) { hash in
            found = wanted.contains(hash)
            return !found
        }
        return found
    }

    private static func windows(of bytes: [UInt8], _ length: Int) -> Set<UInt64> {
        var hashes: Set<UInt64> = []
        roll(over: bytes, length) { hash in
            hashes.insert(hash)
            return true
        }
        return hashes
    }

    /// The hash of each stretch of that length, until `visit` says false. Polynomial modulo 2^64 over an odd base, with each
    /// byte spread first; a chance meeting costs a sentence, never a leak.
    private static func roll(over bytes: [UInt8], _ length: Int, _ visit: (UInt64) -> Bool) {
        guard bytes.count >= length, length > 0 else { return }
        let base: UInt64 = 0x9E37_79B9_7F4A_7C15
        func spread(_ byte: UInt8) -> UInt64 { (UInt64(byte) &+ 1) &* 0xD6E8_FEB8_6659_FD93 }
        var leaving: UInt64 = 1
        for _ in 1..<length { leaving = leaving &* base }
        var hash: UInt64 = 0
        for index in bytes.indices {
            if index >= length { hash = hash &- spread(bytes[index - length]) &* leaving }
            hash = hash &* base &+ spread(bytes[index])
            if index >= length - 1, !visit(hash) { return }
        }
    }
}
