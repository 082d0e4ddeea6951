import EaselBase
import Foundation

/// Finds out whether a text of somebody else's repeats something that must not come back: a key, a prompt (S2).
///
/// Of a secret any eight characters in a row count, whatever their case; of a prompt 24, with runs of blanks as one. A
/// secret or a prompt that is shorter counts as a whole, from four characters on. A secret is also known in the forms that
/// echoed headers and logs give it: percent-encoded, escaped, with signs or blanks between its letters, backwards, in
/// hexadecimal, and in base64 wherever it begins there.
package struct Washer: Sendable {
    package static let secretLength = 8
    package static let promptLength = 24
    private static let shortest = 4

    /// Bytes that must not be repeated, so many in a row.
    private struct Trace: Sendable {
        let bytes: [UInt8]
        let length: Int
    }

    private let prompts: [String]
    /// Of all secrets: as they are, and encoded.
    private let plain: [Trace]
    /// Of all secrets, letters and digits alone.
    private let bare: [Trace]
    /// Stretches that a key may begin with and that say nothing of it.
    private let openly: Set<UInt64>

    /// `names`: of what has these keys, such as a provider's kind. A key often begins with such a name, and everybody may say it.
    package init(secrets: [String], prompts: [String] = [], names: [String] = []) {
        self.prompts = prompts
        openly = secrets.isEmpty ? [] : Self.openWords(names)
        plain = secrets.flatMap { secret in
            [Trace(bytes: Self.folded(secret), length: Self.secretLength)] + Self.encoded(secret)
        }
        bare = secrets.map { Trace(bytes: Self.bare($0), length: Self.secretLength) }
            .filter { $0.bytes.count >= $0.length }
            .flatMap { [$0, Trace(bytes: $0.bytes.reversed(), length: $0.length)] }
    }

    /// Whether the text may go on to callers, logs and tables. Looks at the first 4 KiB, which is
    /// more than is ever kept.
    package func isClean(_ text: String) -> Bool {
        guard text.utf8.count >= Self.shortest, !(plain.isEmpty && prompts.isEmpty) else { return true }
        let cut = ForeignText.cut(text, to: ForeignText.mostRead)
        let folded = Self.folded(cut)
        if plain.contains(where: { Self.shares(folded, $0.bytes, $0.length, except: openly) }) { return false }
        if !bare.isEmpty {
            let bareText = Self.bare(Self.unescaped(cut))
            if bare.contains(where: { Self.shares(bareText, $0.bytes, $0.length, except: openly) }) { return false }
        }
        return !prompts.contains { Self.shares(folded, Self.folded($0), Self.promptLength) }
    }

    /// The text when it is clean, or nil.
    package func clean(_ text: String) -> String? { isClean(text) ? text : nil }

    // MARK: - Forms

    /// A secret in hexadecimal and in base64. There it looks different by what stands before it, modulo three bytes; its first
    /// and last characters hold bits of its neighbours and are left out.
    private static func encoded(_ secret: String) -> [Trace] {
        let bytes = Array(secret.utf8)
        guard bytes.count >= secretLength else { return [] }
        let hex = bytes.flatMap { Array((($0 < 16 ? "0" : "") + String($0, radix: 16)).utf8) }
        let base64 = (0..<3).map { offset -> Trace in
            let text = Data(repeating: 0, count: offset) + Data(bytes)
            let encoded = folded(text.base64EncodedString().filter { $0 != "=" })
            // Eight bytes make eleven characters; letters count without their case.
            return Trace(bytes: Array(encoded.dropFirst(offset + 1).dropLast()), length: secretLength * 4 / 3)
        }
        return [Trace(bytes: hex, length: secretLength * 2)] + base64.filter { $0.bytes.count >= $0.length }
    }

    /// `%2D`, `\\u002d`, `\\x2d`, `&#45;` and `&#x2d;` as what they stand for.
    private static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(where: { "%\\&".utf8.contains($0) }) else { return text }
        let escape =
            /%([0-9A-Fa-f]{2})|\\u\{?([0-9A-Fa-f]{1,6})\}?|\\x([0-9A-Fa-f]{2})|&#x([0-9A-Fa-f]{1,6});|&#([0-9]{1,7});/
        return text.replacing(escape) { match in
            let hex = match.1 ?? match.2 ?? match.3 ?? match.4
            let code = hex.flatMap { UInt32($0, radix: 16) } ?? match.5.flatMap { UInt32($0) }
            return code.flatMap(Unicode.Scalar.init).map { String(Character($0)) } ?? ""
        }
    }

    /// Letters and digits of ASCII in lower case, those of full width among them.
    private static func bare(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            let value = (0xFF01...0xFF5E).contains(scalar.value) ? scalar.value - 0xFEE0 : scalar.value
            switch value {
            case 0x30...0x39, 0x61...0x7A: bytes.append(UInt8(value))
            case 0x41...0x5A: bytes.append(UInt8(value) + 0x20)
            default: break
            }
        }
        return bytes
    }

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

    /// What a key may begin with says nothing of it: the names, and the words for a key.
    private static func openWords(_ names: [String]) -> Set<UInt64> {
        let words = names.map { $0.lowercased() }.map { "\($0) \($0)- \($0)_ \($0)apikey" }
        let text = ([""] + words + ["sandbox api-key api_key apikey sandboxkey", ""]).joined(separator: " ")
        return windows(of: Array(text.utf8), secretLength)
    }

    /// Whether so many bytes in a row are in both: one pass over each (the hashes of one's windows, looked up with the
    /// other's).
    private static func shares(_ text: [UInt8], _ secret: [UInt8], _ length: Int, except openly: Set<UInt64> = [])
        -> Bool
    {
        guard secret.count >= shortest, text.count >= min(length, secret.count) else { return false }
        let length = min(length, secret.count)
        var wanted = windows(of: secret, length)
        if length == secretLength { wanted.subtract(openly) }
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
