import EaselBase
import EaselCore

/// Ideogram's links: an id, a time of expiry and a signature over both; no key is asked for.
final class EphemeralLinks: Sendable {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    private static let idLength = 22

    private let secret = Crypto.randomBytes(32)
    private let images = ImageStore()
    private let lifetime: Duration

    init(lifetime: Duration) { self.lifetime = lifetime }

    /// Keeps a PNG and answers its path and query.
    func keep(_ file: [UInt8], now: Timestamp) -> String {
        let id = String(Crypto.randomBytes(Self.idLength).map { Self.alphabet[Int($0) % Self.alphabet.count] })
        let expiry = now + lifetime
        images.keep(StoredImage(bytes: file, format: .png, expiresAt: expiry), as: id)
        let seconds = "\(expiry.secondsSince1970)"
        return "/api/images/ephemeral/\(id).png?exp=\(seconds)&sig=\(signature(id, seconds))"
    }

    /// The file behind a link, or nil when id, time or signature are wrong or it is too late.
    func file(name: Substring, query: [(name: String, value: String)], now: Timestamp) -> [UInt8]? {
        guard name.hasSuffix(".png") else { return nil }
        let id = String(name.dropLast(4))
        guard let expiry = query.first(where: { $0.name == "exp" })?.value,
            let given = query.first(where: { $0.name == "sig" })?.value,
            Crypto.equalInConstantTime(Array(given.utf8), Array(signature(id, expiry).utf8))
        else { return nil }
        return images.image(id, now: now)?.bytes
    }

    func reset() { images.removeAll() }

    private func signature(_ id: String, _ expiry: String) -> String {
        Hex.encode(Crypto.hmacSHA256(Array("\(id) \(expiry)".utf8), key: secret))
    }
}
