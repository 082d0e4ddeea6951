package import EaselBase
import Foundation

/// The signature of a webhook by the Standard Webhooks specification, symmetric scheme `v1`.
package struct WebhookSigner: Sendable {
    private let key: [UInt8]

    /// - Parameter secret: `whsec_` and base64, as the specification writes secrets; base64 alone, which its libraries
    ///   take as well; any other text is the key as it stands.
    package init(secret: String) {
        key = WebhookSecret.bytes(secret) ?? Array(secret.utf8)
    }

    /// Whether the key is as long as the specification wants it: 24 bytes at least.
    package var isLongEnough: Bool { key.count >= 24 }

    /// The fields that tell who sent a body, and when.
    package func fields(id: String, at moment: Timestamp, body: [UInt8]) -> [(String, String)] {
        let seconds = String(moment.millisecondsSince1970 / 1000)
        let code = Crypto.hmacSHA256(Array("\(id).\(seconds).".utf8) + body, key: key)
        return [
            ("webhook-id", id), ("webhook-timestamp", seconds),
            ("webhook-signature", "v1," + Data(code).base64EncodedString()),
        ]
    }
}
