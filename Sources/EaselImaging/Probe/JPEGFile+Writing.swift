extension JPEGFile {
    /// What goes into a JPEG that is written anew, beside the image itself.
    enum Kept {
        /// All there was.
        case everything
        /// All but the colour profile, for pixels that are in sRGB by now.
        case everythingButProfile
        /// What the image needs to look the same: the colour profile, and how its channels are to be read.
        case looks
    }

    /// The file without what `kept` leaves out, without strays between its segments and without anything behind its end
    /// (a second image, a film, a maker's notes), and with an end marker. No coefficient is touched.
    func written(_ kept: Kept) -> [UInt8] {
        var file: [UInt8] = [0xFF, 0xD8]
        file.reserveCapacity(bytes.count + 2)
        for piece in pieces {
            guard let marker = piece.marker else {
                file += bytes[piece.body]
                continue
            }
            let body = kept == .looks ? looks(marker, piece.body) : bytes[piece.body]
            if let body { Self.append(marker, body, to: &file) }
        }
        file += [0xFF, 0xD9]
        return file
    }

    /// Whether ``written(_:)`` with `looks` would leave anything out.
    var hasMore: Bool {
        !isClean
            || pieces.contains { piece in piece.marker.map { looks($0, piece.body) != bytes[piece.body] } ?? false }
    }

    /// The segments of applications and comments, for a file that another program has written from this one.
    ///
    /// The EXIF and XMP blocks say from then on that the image is upright. The index of an MPO is left
    /// out: it points behind the end.
    func carried(_ kept: Kept) -> [UInt8] {
        var carried: [UInt8] = []
        for piece in pieces {
            // JFIF and Adobe segments were written by the other program.
            guard let marker = piece.marker, marker != 0xE0, marker != 0xEE, marker == 0xFE || marker & 0xF0 == 0xE0
            else { continue }
            var body = Array(bytes[piece.body])
            switch kept {
            case .looks where looks(marker, piece.body) == nil: continue
            case .looks: break
            case .everythingButProfile where body.starts(with: "ICC_PROFILE\0".utf8): continue
            case .everything where body.starts(with: "MPF\0".utf8),
                .everythingButProfile where body.starts(with: "MPF\0".utf8):
                continue
            case .everything where marker == 0xE1, .everythingButProfile where marker == 0xE1:
                if body.starts(with: ExifOrientation.prefix) {
                    ExifOrientation.makeUpright(&body, in: ExifOrientation.prefix.count..<body.count)
                } else {
                    XMPOrientation.makeUpright(&body)
                }
            case .everything, .everythingButProfile: break
            }
            Self.append(marker, body[...], to: &carried)
        }
        return carried
    }

    /// `file`, a JPEG, with these segments behind its JFIF and Adobe segments.
    static func insert(_ segments: [UInt8], into file: [UInt8]) throws(ImageError) -> [UInt8] {
        guard !segments.isEmpty else { return file }
        var tokens = JPEGTokens(file)
        var place = 2
        while case .segment(let marker, let body)? = try tokens.next(), marker == 0xE0 || marker == 0xEE {
            place = body.upperBound
        }
        return file[..<place] + segments + file[place...]
    }

    /// The part of a segment that the image needs to look the same; nil for none of it.
    private func looks(_ marker: UInt8, _ body: Range<Int>) -> ArraySlice<UInt8>? {
        let content = bytes[body]
        switch marker {
        case 0xE0:
            // JFIF says how dense the pixels lie; a thumbnail may follow, and other segments of this marker hold nothing else.
            guard content.starts(with: "JFIF\0".utf8), content.count >= 14 else { return nil }
            return content.count == 14 ? content : content.prefix(12) + [0, 0]
        case 0xE2: return content.starts(with: "ICC_PROFILE\0".utf8) ? content : nil
        case 0xEE: return content.starts(with: "Adobe".utf8) ? content : nil
        case 0xE0...0xEF, 0xFE: return nil
        default: return content
        }
    }

    private static func append(_ marker: UInt8, _ body: ArraySlice<UInt8>, to file: inout [UInt8]) {
        let length = body.count + 2
        file += [0xFF, marker, UInt8(length >> 8), UInt8(length & 0xFF)]
        file += body
    }
}

/// The orientation in an XMP packet, which some programs read where EXIF is silent.
enum XMPOrientation {
    /// Puts 1 in the place of the value, as an attribute (`tiff:Orientation="6"`) and as an element.
    static func makeUpright(_ packet: inout [UInt8]) {
        let name = Array("tiff:Orientation".utf8)
        var position = 0
        while let start = packet[position...].firstRange(of: name)?.upperBound {
            position = start
            let quoted = packet[start...].prefix(4).drop { $0 != 0x22 && $0 != 0x27 && $0 != 0x3E }
            let digit = quoted.startIndex + 1
            if !quoted.isEmpty, digit < packet.count, (0x32...0x38).contains(packet[digit]) { packet[digit] = 0x31 }
        }
    }
}
