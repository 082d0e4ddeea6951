/// Formats that are recognised only to be named in the refusal.
enum ForeignFormat {
    private static let signatures: [(name: String, offset: Int, bytes: [UInt8])] = [
        ("GIF", 0, Array("GIF8".utf8)),
        ("BMP", 0, Array("BM".utf8)),
        ("TIFF", 0, [0x49, 0x49, 0x2A, 0x00]),
        ("TIFF", 0, [0x4D, 0x4D, 0x00, 0x2A]),
        ("PDF", 0, Array("%PDF".utf8)),
        ("PSD", 0, Array("8BPS".utf8)),
        ("ICO", 0, [0x00, 0x00, 0x01, 0x00]),
        ("JPEG XL", 0, [0xFF, 0x0A]),
        ("JPEG XL", 4, Array("JXL ".utf8)),
        ("JPEG 2000", 4, Array("jP  ".utf8)),
    ]
    private static let avifBrands = ["avif", "avis"]
    private static let heicBrands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]

    /// The format's name, or nil when the bytes are none of these.
    static func name(of header: HeaderBytes) -> String? {
        if header.matches("ftyp", at: 4), header.count >= 12 {
            let brand = String(decoding: header.bytes[8..<12], as: UTF8.self)
            if avifBrands.contains(brand) { return "AVIF" }
            if heicBrands.contains(brand) { return "HEIC" }
        }
        if let known = signatures.first(where: { header.matches($0.bytes, at: $0.offset) }) { return known.name }
        return looksLikeSVG(header) ? "SVG" : nil
    }

    /// SVG has no signature: XML text whose first kilobyte holds the root element.
    private static func looksLikeSVG(_ header: HeaderBytes) -> Bool {
        let text = String(decoding: header.bytes.prefix(1024), as: UTF8.self).drop {
            $0.isWhitespace || $0 == "\u{FEFF}"
        }
        return text.hasPrefix("<") && text.contains("<svg")
    }
}
