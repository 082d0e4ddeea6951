import EaselBase

/// The small rules of RFC 9110 about what a name, a value and a percent-encoded text may look like.
package enum HTTPSyntax {
    /// Compares two ASCII texts without case; other bytes must be equal as they are.
    package static func equalIgnoringCase(_ left: String, _ right: String) -> Bool {
        let one = left.utf8
        let two = right.utf8
        guard one.count == two.count else { return false }
        for (first, second) in zip(one, two) where first != second {
            guard first ^ second == 0x20, (97...122).contains(first | 0x20) else { return false }
        }
        return true
    }

    /// Whether a comma-separated list such as that of `Connection` names `token`.
    package static func list(_ value: String, contains token: String) -> Bool {
        value.split(separator: ",").contains { item in
            let trimmed = item.drop { $0 == " " || $0 == "\t" }
            let end = trimmed.lastIndex { $0 != " " && $0 != "\t" }
            guard let end else { return false }
            return equalIgnoringCase(String(trimmed[...end]), token)
        }
    }

    /// A field name or a method: one or more token characters.
    package static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(isTokenByte)
    }

    /// A field value: no control characters but the tab, above all neither CR nor LF (message splitting).
    package static func isFieldValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }

    /// Decodes `%XX`; nil for a broken escape, a NUL or bytes that are no UTF-8.
    ///
    /// In a path `%2F` stays as it is, so that an encoded slash never makes a new segment.
    package static func percentDecoded(_ text: some Collection<UInt8>, form: Bool) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case 0x25:  // %
                guard let high = iterator.next().flatMap(hexDigit), let low = iterator.next().flatMap(hexDigit) else {
                    return nil
                }
                let value = high << 4 | low
                if value == 0 { return nil }
                if value == 0x2F, !form {
                    bytes += [0x25, 0x32, 0x46]
                } else {
                    bytes.append(value)
                }
            case 0x2B where form: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return String(foreign: bytes)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
