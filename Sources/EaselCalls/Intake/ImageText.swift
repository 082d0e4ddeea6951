import EaselBase
import EaselProviders
import EaselTransport

/// An image given as text: what kind of text it is, and what it contains. Linear in its length.
enum ImageText: Sendable {
    case link(WebURL)
    /// The bytes encoded as base64.
    case bytes([UInt8])
    /// The bytes of a data URI that is not marked as base64.
    case unmarked([UInt8])
    /// What is wrong with it, for its sender.
    case fault(String)

    /// Reads a URL, a data URI or base64; spaces around any of them do not matter.
    init(_ given: String, maxBytes: Int) {
        let text = Self.trimmed(given)
        if Self.isLink(text) {
            do throws(WebURL.Fault) {
                self = .link(try WebURL(String(text)))
            } catch {
                self = .fault(error.sentence)
            }
        } else if DataURI.isOne(text) {
            self = Self.dataURI(text, maxBytes)
        } else {
            self = Self.base64(text, maxBytes)
        }
    }

    /// Whether the text is meant as a URL to fetch.
    static func isLink(_ text: some StringProtocol) -> Bool {
        let start = text.utf8.drop { $0 <= 0x20 }.prefix(6).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        return start.starts(with: "http:".utf8) || start.elementsEqual("https:".utf8)
    }

    private static func dataURI(_ text: Substring, _ maxBytes: Int) -> ImageText {
        do throws(DataURI.Fault) {
            let content = try DataURI.read(text, maxBytes: maxBytes)
            guard !content.bytes.isEmpty else { return .fault("is a data URI that holds nothing") }
            return content.isBase64 ? .bytes(content.bytes) : .unmarked(content.bytes)
        } catch {
            return switch error {
            case .base64(.tooLong): tooLarge(maxBytes)
            case .base64(let fault): .fault("is a data URI whose data \(fault.sentence)")
            case .noComma, .noDataURI: .fault("is a data URI without a comma before its data")
            }
        }
    }

    private static func base64(_ text: Substring, _ maxBytes: Int) -> ImageText {
        let what = "must be a URL, a data URI or base64"
        guard !text.isEmpty else { return .fault("\(what); it is empty") }
        do throws(Base64Text.Fault) {
            return .bytes(try Base64Text.decode(text, maxBytes: maxBytes))
        } catch {
            if let scheme = scheme(of: text) {
                return .fault("\(what); \(scheme): is not fetched, only http and https")
            }
            return switch error {
            case .tooLong: tooLarge(maxBytes)
            default: .fault("\(what); it \(error.sentence)")
            }
        }
    }

    private static func tooLarge(_ maxBytes: Int) -> ImageText {
        .fault(Fetcher.Failure.tooLarge(limit: maxBytes).sentence)
    }

    /// The scheme of a text that looks like another kind of URL.
    private static func scheme(of text: Substring) -> String? {
        let start = text.utf8.prefix(24)
        guard let colon = start.firstIndex(of: 0x3A), colon != start.startIndex else { return nil }
        let isName = start[..<colon].allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E].contains(byte)
        }
        return isName ? String(text[..<colon]).lowercased() : nil
    }

    private static func trimmed(_ text: String) -> Substring {
        let bytes = text.utf8.drop { $0 <= 0x20 }
        let end = bytes.lastIndex { $0 > 0x20 }.map { bytes.index(after: $0) } ?? bytes.startIndex
        return text[bytes.startIndex..<end]
    }
}
