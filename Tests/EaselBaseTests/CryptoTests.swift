import EaselBase
import Testing

@Suite("Crypto (S1)")
struct CryptoTests {
    @Test(
        "SHA-256 gives the digests of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ]
    )
    func sha256(message: String, digest: String) {
        #expect(Hex.encode(Crypto.sha256(Array(message.utf8))) == digest)
    }

    struct Vector: Sendable {
        let key: [UInt8]
        let message: [UInt8]
        let code: String
    }

    /// RFC 4231, test cases 1 to 4, 6 and 7 (5 is about a cut code).
    static let vectors = [
        Vector(
            key: Array(repeating: 0x0B, count: 20),
            message: Array("Hi There".utf8),
            code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        Vector(
            key: Array("Jefe".utf8),
            message: Array("what do ya want for nothing?".utf8),
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        Vector(
            key: Array(repeating: 0xAA, count: 20),
            message: Array(repeating: 0xDD, count: 50),
            code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        Vector(
            key: Array(1...25),
            message: Array(repeating: 0xCD, count: 50),
            code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        Vector(
            key: Array(repeating: 0xAA, count: 131),
            message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        Vector(
            key: Array(repeating: 0xAA, count: 131),
            message: Array(
                """
                This is a test using a larger than block-size key and a larger than block-size data. \
                The key needs to be hashed before being used by the HMAC algorithm.
                """.utf8
            ),
            code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ]

    @Test("HMAC-SHA-256 gives the codes of RFC 4231", arguments: vectors.indices)
    func hmac(index: Int) {
        let vector = Self.vectors[index]
        #expect(Hex.encode(Crypto.hmacSHA256(vector.message, key: vector.key)) == vector.code)
    }

    @Test func `equality holds for equal secrets only, wherever they differ`() {
        let secret = Array("esl_0123456789abcdef0123456789abcdef".utf8)
        #expect(Crypto.equalInConstantTime(secret, secret))
        #expect(Crypto.equalInConstantTime([], []))
        #expect(!Crypto.equalInConstantTime(secret, Array(secret.dropLast())))
        #expect(!Crypto.equalInConstantTime(secret, secret + [0]))
        for position in secret.indices {
            var other = secret
            other[position] ^= 1
            #expect(!Crypto.equalInConstantTime(secret, other), "position \(position)")
        }
    }

    @Test func `random bytes have the length asked for and differ`() {
        #expect(Crypto.randomBytes(0).isEmpty)
        #expect(Set((0..<1000).map { _ in Crypto.randomBytes(16) }).count == 1000)
        #expect(Crypto.randomBytes(33).count == 33)
    }
}
