import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

/// Whatever a provider says can be written down and shown, and repeats no key and no prompt (S2, S4).
struct ForeignDoorTests {
    private static let key = "sk_live_4fA9zQ7LmX2"
    private static let prompt = "a red kite over a harbour full of fishing boats, painted at dawn"
    private let door = ForeignDoor(secrets: [key], prompts: [prompt])

    private func fit(_ code: String, message: String = "x") -> ProviderFailure {
        door.fit(ProviderFailure(.failed, code: code, message: message))
    }

    // MARK: - Numbers

    @Test(arguments: [99_999_999_999, -1, 0, 99, 600, Int.max, Int.min])
    func `a status that HTTP does not have is none`(status: Int) {
        let failure = ProviderFailure(.failed, code: "x", message: "x", httpStatus: status)
        let result = door.fit(ProviderResult(failure: failure, httpStatus: status))
        #expect(result.httpStatus == nil && result.failure?.httpStatus == nil)
    }

    @Test(arguments: [100, 200, 404, 599])
    func `a status of HTTP stays`(status: Int) {
        #expect(door.fit(ProviderResult(httpStatus: status)).httpStatus == status)
    }

    @Test(arguments: [Duration.seconds(1_000_000), .seconds(Int64.max / 4), .seconds(-5)])
    func `a pause is an hour at most and never negative`(pause: Duration) {
        let failure = ProviderFailure(.rateLimited, code: "x", message: "x", retryAfter: pause)
        let kept = door.fit(failure).retryAfter
        #expect(kept == (pause < .zero ? .zero : .seconds(3600)))
    }

    @Test func `ten absurd figures are one absurd figure, not an unknown one`() {
        let billion = Money(claimedUSD: Decimal(string: "999999999.99") ?? 0)
        let images = (0..<10).map { _ in ProviderImage(content: .withheld, cost: billion) }
        let result = door.fit(ProviderResult(images: images))
        #expect(result.cost == Money(nanodollars: .max))
        #expect(Money(claimedUSD: Decimal(string: "1e30") ?? 0) == Money(nanodollars: 1_000_000_000_000_000_000))
        #expect(Money(claimedUSD: -1) == nil && Money(claimedUSD: .nan) == nil)
    }

    @Test func `more images than anybody asks for are not looked at`() {
        let images = (0..<5000).map { _ in ProviderImage(content: .withheld) }
        #expect(door.fit(ProviderResult(images: images)).images.count == ForeignDoor.mostImages)
    }

    // MARK: - Codes and texts

    @Test(
        arguments: [
            ("rate_limited", "rate_limited"), ("content policy: blocked!", "content_policy:_blocked"),
            ("a\u{0}b\nc", "a_b_c"),
            ("<script>", "script"), ("Überlauf", "berlauf"), ("", "withheld"), ("\u{202E}\u{0}", "withheld"),
        ]
    )
    func `a code is an identifier`(text: String, code: String) {
        #expect(fit(text).code == code)
    }

    @Test func `a key is known in whatever form an answer repeats it`() {
        let key = "rw-4f9c2ABCdef77xyz0123"
        let washer = Washer(secrets: [key])
        let base64 = (0..<3).map { Data((String(repeating: "#", count: $0) + key + "!").utf8).base64EncodedString() }
        let forms = [
            key, key.uppercased(), String(key.reversed()), key.utf8.map { String($0, radix: 16) }.joined(),
            key.utf8.map { "%" + String($0, radix: 16, uppercase: true) }.joined(),
            key.utf8.map { "\\u00" + String($0, radix: 16) }.joined(), key.utf8.map { "&#\($0);" }.joined(),
            key.map { "\($0)-" }.joined(), key.map { "\($0)\u{200B}" }.joined(), key.map { "\($0) " }.joined(),
            String(String.UnicodeScalarView(key.unicodeScalars.compactMap { Unicode.Scalar($0.value + 0xFEE0) })),
        ]
        for form in forms + base64 {
            #expect(!washer.isClean("the key \(form) is not known"), "\(form)")
            #expect(!washer.isClean(form), "\(form)")
        }
        for text in [
            "Rate limit exceeded, try again in 30 seconds", "invalid prompt: 100% of it", "seed must be 0...4294967295",
            "https://example.com/a%20b?x=%2F", "aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxk", "4f9c2 is a number",
        ] {
            #expect(washer.isClean(text), "\(text)")
        }
    }

    @Test(arguments: [3000, 1 << 16])
    func `a long code is short`(length: Int) {
        #expect(fit(String(repeating: "x", count: length)).code.utf8.count == ForeignText.codeBytes)
        #expect(fit(String(repeating: "ä", count: length)).code == "withheld")
    }

    @Test func `a text is cut between two characters`() {
        #expect(ForeignText.cut("aé", to: 2) == "a")
        #expect(ForeignText.cut("a\u{301}b", to: 2) == "a", "not between a letter and its accent")
        let family = "👨‍👩‍👧‍👦"
        #expect(ForeignText.cut("x\(family)", to: 10) == "x")
        #expect(ForeignText.cut(family, to: 6) == "👨", "one that is too long by itself is cut between scalars")
        var random = SeededRandom(seed: 0x0E5E_2601)
        let letters = ["a", "é", "e\u{301}", "漢", "👨‍👩‍👧‍👦", "🇩🇪", "\u{200F}", "\n"]
        for _ in 0..<500 {
            let text = (0..<20).map { _ in letters.randomElement(using: &random) ?? "" }.joined()
            let most = Int.random(in: 0...120, using: &random)
            let cut = ForeignText.cut(text, to: most)
            #expect(cut.utf8.count <= most && text.unicodeScalars.starts(with: cut.unicodeScalars))
            #expect(ForeignText.line(text, most: most).unicodeScalars.allSatisfy { !ForeignText.isUnfit($0) })
        }
    }

    @Test func `one character of a million accents costs no more than its bytes`() {
        let accents = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(ForeignText.line(accents, most: 200).utf8.count <= 200)
        #expect(fit(accents).code == "a")
    }

    @Test func `names and ids of theirs have no control characters and an end`() {
        let result = door.fit(
            ProviderResult(
                images: [ProviderImage(content: .withheld, providerImageID: "id\u{0}\u{1B}[31m")],
                providerTaskID: String(repeating: "t", count: 5000),
                providerRequestID: "r\r\nSet-Cookie: x"
            )
        )
        #expect(result.images.first?.providerImageID == "id  [31m")
        #expect(result.providerTaskID?.utf8.count == ForeignText.nameBytes)
        #expect(result.providerRequestID == "r  Set-Cookie: x")
    }

    // MARK: - Secrets and prompts

    @Test func `eight characters of a key in any place and case are enough`() {
        let key = Self.key
        var pieces: [String] = [key, key.uppercased(), key.lowercased()]
        for start in 0...(key.count - 8) { pieces.append(String(key.dropFirst(start).prefix(8)).uppercased()) }
        for piece in pieces {
            let failure = fit(piece, message: "The key \(piece) may not do this.")
            #expect(failure.code == "withheld" && !failure.message.lowercased().contains(piece.lowercased()))
            let result = door.fit(
                ProviderResult(
                    images: [ProviderImage(content: .withheld, providerImageID: "x-\(piece)")],
                    providerTaskID: "t\(piece)",
                    providerRequestID: piece,
                    extra: [piece: 1, "note": .array([["deep": .string("see \(piece)")]])]
                )
            )
            #expect(result.images.first?.providerImageID == nil)
            #expect(result.providerTaskID == nil && result.providerRequestID == nil)
            let text = String(decoding: JSONText.bytes(of: JSONValue.object(result.extra)), as: UTF8.self)
            #expect(!text.lowercased().contains(piece.lowercased()), "\(text)")
        }
    }

    @Test func `seven characters of a key and words of everybody may be said`() {
        #expect(fit("sk_live").code == "sk_live")
        #expect(fit("x", message: "Ideogram and Runware say no.").message == "Ideogram and Runware say no.")
        for name in ["ideogram", "postcard"] {
            let plain = ForeignDoor(secrets: ["\(name)-key-of-a-test"], names: [name])
            let message = "\(name.capitalized) is away."
            #expect(plain.fit(ProviderFailure(.failed, code: "x", message: message)).message == message)
            let told = plain.fit(ProviderFailure(.failed, code: "x", message: "\(message) \(name)-key-of"))
            #expect(told.message == "The provider's own message is not shown.")
        }
    }

    @Test func `a part of a prompt does not come back, however it is spaced`() {
        for words in [
            Self.prompt, String(Self.prompt.dropFirst(9)).uppercased(), "over  a\nharbour full of fishing boats",
        ] {
            #expect(fit("x", message: "Refused: \(words)").message == "The provider's own message is not shown.")
        }
        #expect(fit("x", message: "Refused: a red kite").message == "Refused: a red kite")
    }

    @Test func `usage figures pass the same door`() {
        let secret = Self.key
        let table = ProviderUsageTable(
            rows: [],
            foreign: [ForeignUsage(name: "model \(secret)", cost: nil)],
            remarks: ["see \(secret)"]
        )
        for usage in [ProviderUsage.rows(table), .failed("no: \(secret)"), .unsupported(secret)] {
            #expect(!"\(door.fit(usage))".contains(secret))
        }
    }

    // MARK: - What is not understood

    @Test func `what is kept of an answer has an end`() {
        var deep: JSONValue = 1
        for _ in 0..<60 { deep = ["a": deep] }
        let extra: [String: JSONValue] = [
            "deep": deep, "many": .array((0..<20_000).map { .count($0) }),
            "long": .string(String(repeating: "漢", count: 50_000)), "easel_hedge": "second",
            "huge": .number(Decimal(string: "1e120") ?? 0),
        ]
        let kept = door.fit(ProviderResult(extra: extra)).extra
        #expect(JSONText.bytes(of: JSONValue.object(kept)).count < 40_000)
        #expect(kept["easel_hedge"] == nil, "what is ours cannot be said by a provider")
        #expect(kept["huge"] == .null)
    }

    // MARK: - Belief

    @Test func `a figure is believed up to a multiple of the price`() {
        let price = Money(nanodollars: 60_000_000)
        let belief = CostBelief(multiple: 100)
        #expect(belief.most(pricePerImage: price, images: 2) == Money(nanodollars: 12_000_000_000))
        #expect(belief.most(pricePerImage: .zero, images: 1) == Money(nanodollars: 1_000_000_000))
        #expect(belief.most(pricePerImage: nil, images: 1) == Money(nanodollars: 100_000_000_000))
        #expect(belief.most(pricePerImage: Money(nanodollars: .max), images: 20) == Money(nanodollars: .max))
        #expect(CostBelief(multiple: -5).multiple == 2)
    }

    @Test func `a floating-point number beyond every integer does not end the program`() {
        #expect(Int(saturating: 1e300) == .max && Int(saturating: -1e300) == .min && Int(saturating: .nan) == 0)
        #expect(Int(saturating: .infinity) == .max && Int64(saturating: 2.9) == 2 && Int(saturating: -0x1p63) == .min)
    }
}
