import EaselBase
import EaselTransport

/// The cookie of the built-in page: 256 random bits that stand for a key for a while.
enum SessionCookie {
    static let name = "easel_session"
    /// How long a session lasts.
    static let life = Duration.seconds(12 * 3600)
    /// Sessions that a key may have at once; then the oldest ends (S4).
    static let mostOfKey = 100

    static func fresh() -> String { Hex.encode(Crypto.randomBytes(32)) }

    /// The cookie's value in a request; nil where there is none, or it cannot be one of ours.
    static func token(in fields: HTTPFields) -> String? {
        for part in fields.values(of: "Cookie").flatMap({ $0.split(separator: ";") }) {
            let part = part.trimmingSpaces()
            guard part.hasPrefix("\(name)=") else { continue }
            let value = part.dropFirst(name.utf8.count + 1)
            guard value.utf8.count == 64, value.utf8.allSatisfy(isHex) else { return nil }
            return String(value)
        }
        return nil
    }

    private static func isHex(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }

    /// `Set-Cookie`: for the page's own requests only, and out of reach of scripts. `token`: nil to take it away.
    static func field(_ token: String?, isSecure: Bool) -> (String, String) {
        let age = token == nil ? 0 : life.milliseconds / 1000
        let secure = isSecure ? "; Secure" : ""
        return (
            "Set-Cookie", "\(name)=\(token ?? ""); Path=/; Max-Age=\(age); HttpOnly; SameSite=Strict\(secure)"
        )
    }
}
