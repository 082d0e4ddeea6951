import Foundation

/// `data:` URIs with base64 (RFC 2397).
package enum DataURI {
    /// The bytes, or nil when the text is no base64 data URI.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        guard text.hasPrefix("data:"), let comma = text.firstIndex(of: ","), text[..<comma].hasSuffix(";base64"),
            let data = Data(base64Encoded: String(text[text.index(after: comma)...]))
        else { return nil }
        return [UInt8](data)
    }
}
