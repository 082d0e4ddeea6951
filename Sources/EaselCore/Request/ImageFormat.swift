import EaselBase

/// The three image formats that both providers speak.
package enum ImageFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case jpg, png, webp

    /// The media type for `Content-Type` and data URIs.
    package var mediaType: String {
        switch self {
        case .jpg: "image/jpeg"
        case .png: "image/png"
        case .webp: "image/webp"
        }
    }

    /// The extension of a file of this format, without the dot.
    package var fileExtension: String { rawValue }
}

/// Width and height in pixels.
package struct PixelSize: Sendable, Hashable, Codable, CustomStringConvertible {
    package let width: Int
    package let height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// `WIDTHxHEIGHT`, as people and Ideogram write it.
    package var description: String { "\(width)x\(height)" }

    /// Reads `WIDTHxHEIGHT`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy(\.isASCIIDigit) }), let width = Int(parts[0]),
            let height = Int(parts[1]), width > 0, height > 0
        else {
            return nil
        }
        self.init(width: width, height: height)
    }
}
