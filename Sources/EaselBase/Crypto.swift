import CSodium
import Foundation

/// Hashing, message authentication, comparison and randomness, all by libsodium (S1).
package enum Crypto {
    /// libsodium wants to be told once before its first use; `sodium_init` is safe to race.
    private static let ready: Bool = sodium_init() >= 0

    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        precondition(ready, "libsodium could not be initialised")
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
        return digest
    }

    /// HMAC-SHA-256 of a message under a key of any length.
    package static func hmacSHA256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        precondition(ready, "libsodium could not be initialised")
        var state = crypto_auth_hmacsha256_state()
        var code = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
        crypto_auth_hmacsha256_init(&state, key, key.count)
        crypto_auth_hmacsha256_update(&state, message, UInt64(message.count))
        crypto_auth_hmacsha256_final(&state, &code)
        return code
    }

    /// Whether two secrets are equal, in a time that does not tell where they differ.
    package static func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        precondition(ready, "libsodium could not be initialised")
        guard left.count == right.count else { return false }
        return sodium_memcmp(left, right, left.count) == 0
    }

    package static func randomBytes(_ count: Int) -> [UInt8] {
        precondition(ready, "libsodium could not be initialised")
        var bytes = [UInt8](repeating: 0, count: count)
        randombytes_buf(&bytes, count)
        return bytes
    }
}
