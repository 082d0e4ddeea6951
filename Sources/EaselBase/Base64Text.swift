/// Base64 as people and programs have it (RFC 4648, RFC 2045, RFC 2397): in lines, with or without padding, in either alphabet.
///
/// One pass, and never more memory than the result may have.
package enum Base64Text {
    /// Why a text is no base64. Positions count characters from 1.
    package enum Fault: Error, Sendable, Hashable {
        /// A character that has no place in base64.
        case character(Unicode.Scalar, position: Int)
        /// More text behind the padding.
        case afterPadding(position: Int)
        /// A last group of a single character: something is missing at the end.
        case cutShort(characters: Int)
        /// The bytes would be more than allowed.
        case tooLong

        /// For people: `has “*” at position 7, which is no character of base64`.
        package var sentence: String {
            switch self {
            case .character(let scalar, let position):
                "has \(Self.shown(scalar)) at position \(position), which is no character of base64"
            case .afterPadding(let position): "goes on at position \(position) behind the “=” that ends base64"
            case .cutShort(let characters):
                "is cut short: \(characters) characters are no whole number of bytes in base64"
            case .tooLong: "is too long"
            }
        }

        private static func shown(_ scalar: Unicode.Scalar) -> String {
            (0x21...0x7E).contains(scalar.value)
                ? "“\(scalar)”" : "U+" + String(repeating: "0", count: max(0, 4 - hex(scalar).count)) + hex(scalar)
        }

        private static func hex(_ scalar: Unicode.Scalar) -> String {
            String(scalar.value, radix: 16, uppercase: true)
        }
    }

    private static let blank: UInt8 = 64
    private static let padding: UInt8 = 65
    private static let stranger: UInt8 = 66

    /// For each byte its six bits, or one of the marks above. `-` and `_` are `+` and `/` in URLs.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: stranger, count: 256)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for (value, byte) in alphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        table[0x2D] = 62
        table[0x5F] = 63
        for byte in [0x20, 0x09, 0x0A, 0x0C, 0x0D] { table[byte] = blank }
        table[0x3D] = padding
        return table
    }()

    /// The bytes that the text stands for, at most `maxBytes`.
    ///
    /// Blanks and line breaks mean nothing; padding may be missing, but nothing may stand behind it. With
    /// `percentEncoded`, `%2B` is `+`: the rest of a URI.
    package static func decode(
        _ text: some StringProtocol,
        maxBytes: Int = .max,
        percentEncoded: Bool = false
    ) throws(Fault) -> [UInt8] {
        let text = String(text)
        do throws(Fault) {
            return try decode(text.utf8Span.span, maxBytes: maxBytes, percentEncoded: percentEncoded)
        } catch .character(_, let offset) {
            // Found as a byte; people want to see the character and its place.
            let index = text.utf8.index(text.startIndex, offsetBy: offset)
            let place = text.unicodeScalars[..<index].count + 1
            throw .character(text.unicodeScalars[index], position: place)
        }
    }

    /// A fault names the byte's offset, from 0, in the place of a character's position.
    private static func decode(
        _ text: Span<UInt8>,
        maxBytes: Int,
        percentEncoded: Bool
    ) throws(Fault) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(maxBytes, text.count / 4 * 3 + 3))
        var group: UInt32 = 0
        var held = 0
        var characters = 0
        var isPadded = false
        var index = 0
        while index < text.count {
            var byte = text[index]
            let start = index
            index += 1
            if percentEncoded, byte == 0x25, index + 1 < text.count, let high = digit(text[index]),
                let low = digit(text[index + 1])
            {
                byte = high << 4 | low
                index += 2
            }
            let value = values[Int(byte)]
            if value < 64 {
                guard !isPadded else { throw .afterPadding(position: start + 1) }
                group = group << 6 | UInt32(value)
                held += 1
                characters += 1
                guard held == 4 else { continue }
                guard bytes.count + 3 <= maxBytes else { throw .tooLong }
                bytes.append(UInt8(truncatingIfNeeded: group >> 16))
                bytes.append(UInt8(truncatingIfNeeded: group >> 8))
                bytes.append(UInt8(truncatingIfNeeded: group))
                (group, held) = (0, 0)
            } else if value == padding {
                isPadded = true
            } else if value == stranger {
                throw .character("?", position: start)
            }
        }
        guard held != 1 else { throw .cutShort(characters: characters) }
        // Two characters hold one byte and three hold two; bits beyond are nothing.
        guard bytes.count + max(0, held - 1) <= maxBytes else { throw .tooLong }
        if held == 2 { bytes.append(UInt8(truncatingIfNeeded: group >> 4)) }
        if held == 3 {
            bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            bytes.append(UInt8(truncatingIfNeeded: group >> 2))
        }
        return bytes
    }

    /// The value of a hexadecimal digit.
    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// The bytes of a percent-encoded text (RFC 3986, 2.1), at most `maxBytes`; a percent sign without two digits is
    /// itself.
    package static func percentDecode(
        _ text: some StringProtocol,
        maxBytes: Int = .max
    ) throws(Fault) -> [UInt8] {
        let text = String(text)
        let source = text.utf8Span.span
        var bytes: [UInt8] = []
        var index = 0
        while index < source.count {
            guard bytes.count < maxBytes else { throw .tooLong }
            if source[index] == 0x25, index + 2 < source.count, let high = digit(source[index + 1]),
                let low = digit(source[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return bytes
    }
}
