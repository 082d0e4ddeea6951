import EaselBase
import Foundation
import Testing
import TestTools

/// Base64 as people have it, and a message where it is none.
struct Base64TextTests {
    /// The spellings of the same bytes.
    private func spellings(_ bytes: [UInt8], _ random: inout SeededRandom) -> [String] {
        let plain = Data(bytes).base64EncodedString()
        let unpadded = String(plain.prefix { $0 != "=" })
        let lines = Data(bytes).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn])
        let lineFeeds = Data(bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        var scattered = ""
        for character in plain {
            scattered.append(character)
            if Int.random(in: 0..<8, using: &random) == 0 {
                scattered += [" ", "\t", "\n", "\r\n"].randomElement() ?? ""
            }
        }
        return [
            plain, unpadded, lines + "\r\n", lineFeeds + "\n", " " + plain, scattered, plain + "====",
            plain.replacing("+", with: "-").replacing("/", with: "_"),
            unpadded.replacing("+", with: "-").replacing("/", with: "_"),
        ]
    }

    @Test func `every spelling gives the same bytes`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for length in Array(0...70) + [200, 1000] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            for text in spellings(bytes, &random) {
                #expect(try Base64Text.decode(text, maxBytes: length) == bytes, "seed \(seed), \(text)")
                let encoded = text.replacing("+", with: "%2B").replacing("=", with: "%3d").replacing("\n", with: "%0A")
                #expect(try Base64Text.decode(encoded, percentEncoded: true) == bytes, "seed \(seed), \(encoded)")
            }
        }
    }

    @Test(arguments: [
        ("AQID*AQID", "has “*” at position 5"), ("AQIDé", "has U+00E9 at position 5"),
        ("ééAQ", "has U+00E9 at position 1"), ("\"AQID\"", "has “\"” at position 1"),
        ("AQI\u{0}", "has U+0000 at position 4"),
        ("AQ\nID\n🦊", "has U+1F98A at position 7"), ("AQI%44", "has “%” at position 4"), ("AQ==AQ==", "at position 5"),
        ("AQIDA", "cut short: 5 characters"), ("A", "cut short: 1 characters"),
    ])
    func `a fault names the character and its place`(_ text: String, _ words: String) {
        let fault = #expect(throws: Base64Text.Fault.self) { try Base64Text.decode(text) }
        #expect(fault?.sentence.contains(words) == true, "\(fault?.sentence ?? "")")
    }

    @Test func `no more is made than may be`() throws {
        let text = Data([UInt8](repeating: 7, count: 300)).base64EncodedString()
        #expect(try Base64Text.decode(text, maxBytes: 300).count == 300)
        for most in [299, 298, 0] {
            #expect(throws: Base64Text.Fault.tooLong) { try Base64Text.decode(text, maxBytes: most) }
        }
        #expect(throws: Base64Text.Fault.tooLong) { try Base64Text.percentDecode("abc", maxBytes: 2) }
    }
}
