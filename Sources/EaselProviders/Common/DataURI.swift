package import EaselBase

/// `data:` URIs (RFC 2397, and the fetch standard's "data: URL processor").
package enum DataURI {
    /// Why a text is no data URI that can be read.
    package enum Fault: Error, Sendable, Hashable {
        /// It does not begin with `data:`.
        case noDataURI
        /// No comma stands before the data.
        case noComma
        case base64(Base64Text.Fault)
    }

    /// What a data URI holds.
    package struct Content: Sendable, Hashable {
        /// The data.
        package let bytes: [UInt8]
        /// Whether it says that its data are base64.
        package let isBase64: Bool
    }

    /// Whether the text begins as a data URI does, in letters of either case.
    package static func isOne(_ text: some StringProtocol) -> Bool {
        text.utf8.prefix(5).elementsEqual("data:".utf8) { $0 == $1 || ($0 | 0x20 == $1 && $1 != 0x3A) }
    }

    /// The data, at most `maxBytes`. Blanks around the data, parameters such as `charset=utf-8`, percent-encoding and letters
    /// of either case do not matter; without `;base64` the data are percent-encoded bytes.
    package static func read(
        _ text: some StringProtocol,
        maxBytes: Int = .max
    ) throws(Fault) -> Content {
        guard isOne(text) else { throw .noDataURI }
        guard let comma = text.utf8.firstIndex(of: 0x2C) else { throw .noComma }
        let rest = text[text.index(after: comma)...]
        // `;`, any spaces, `base64`, at the end of what stands before the comma.
        let head = text[..<comma].utf8.reversed().drop { $0 == 0x20 }.prefix(64)
        let isBase64 =
            head.prefix(6).elementsEqual("46esab".utf8) { $0 == $1 || $0 | 0x20 == $1 }
            && head.dropFirst(6).first { $0 != 0x20 } == 0x3B
        do throws(Base64Text.Fault) {
            let bytes =
                isBase64
                ? try Base64Text.decode(rest, maxBytes: maxBytes, percentEncoded: true)
                : try Base64Text.percentDecode(rest, maxBytes: maxBytes)
            return Content(bytes: bytes, isBase64: isBase64)
        } catch {
            throw .base64(error)
        }
    }

    /// The bytes of a base64 data URI, or nil when the text is none.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        guard let content = try? read(text), content.isBase64 else { return nil }
        return content.bytes
    }
}
