import Foundation

/// Secrets of webhooks as the Standard Webhooks specification writes them.
package enum WebhookSecret {
    private static let prefix = "whsec_"

    /// The key of `whsec_BASE64`, or of base64 alone, which the specification's libraries take as well; nil for other text.
    package static func bytes(_ text: String) -> [UInt8]? {
        let rest = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
        guard let data = Data(base64Encoded: rest), !data.isEmpty else { return nil }
        return [UInt8](data)
    }
}
