import EaselCore

/// What a JPEG is made of, found in one pass over its bytes without decoding any.
///
/// A thumbnail is a whole JPEG inside an APP1 segment, and a second image (MPO) stands behind the end marker; walking by
/// segment lengths steps over both.
struct JPEGFile {
    /// A segment or the data of a scan, as it stands in the file.
    struct Piece: Equatable {
        /// Nil for the data of a scan.
        let marker: UInt8?
        let body: Range<Int>
    }

    /// Real files have some hundreds, progressive ones with many restarts in their scans not more (S6).
    private static let maxPieces = 1 << 14

    let bytes: [UInt8]
    let header: JPEGHeader
    let pieces: [Piece]
    /// The end marker is there.
    let hasEnd: Bool
    /// Nothing but the pieces stands between the first marker and the last byte.
    let isClean: Bool
    /// Every coefficient of every component was announced down to its last bit, so that nothing but the end marker can
    /// be missing. False where it cannot be told (arithmetic coding has no data that could run out).
    let isCovered: Bool

    /// Reads all of the file. Throws what ``JPEGHeader/read(_:)`` throws, and `truncated` where no scan begins.
    init(_ bytes: [UInt8]) throws(ImageError) {
        self.bytes = bytes
        header = try JPEGHeader.read(bytes)
        var tokens = JPEGTokens(bytes)
        var pieces: [Piece] = []
        var coverage = ScanCoverage(frame: bytes[header.frame])
        var end: Int?
        reading: while let token = try tokens.next() {
            guard pieces.count < Self.maxPieces else { throw .corrupt("the JPEG has too many segments") }
            switch token {
            case .segment(let marker, let body):
                if marker == 0xDA { coverage.add(bytes[body], isProgressive: header.isProgressive) }
                pieces.append(Piece(marker: marker, body: body))
            case .scan(let data): pieces.append(Piece(marker: nil, body: data))
            case .end(let position):
                end = position
                break reading
            }
        }
        guard pieces.contains(where: { $0.marker == 0xDA }) else { throw .truncated }
        if end == nil, let last = pieces.last, last.marker == nil {
            pieces[pieces.count - 1] = Piece(marker: nil, body: Self.withoutPadding(last.body, bytes))
        }
        self.pieces = pieces
        hasEnd = end != nil
        isClean = end == bytes.count && tokens.strays == 0
        isCovered = !header.isArithmetic && coverage.isComplete
    }

    /// The data of a scan that no marker ends, without the zeros that pad it: they would be read as flat blocks and make up
    /// for data that are missing. The data themselves end in bits that are set, or by chance in one byte of zero.
    private static func withoutPadding(_ data: Range<Int>, _ bytes: [UInt8]) -> Range<Int> {
        guard let last = bytes[data].lastIndex(where: { $0 != 0 }) else { return data.lowerBound..<data.lowerBound }
        // 0xFF is followed by a zero of its own.
        return data.lowerBound..<min(last + (bytes[last] == 0xFF ? 3 : 2), data.upperBound)
    }

    /// The colour profile from its APP2 segments (ICC.1, annex B.4), put together in their own order.
    var profile: [UInt8]? {
        let name = Array("ICC_PROFILE\0".utf8)
        var parts: [(number: UInt8, body: Range<Int>)] = []
        for piece in pieces where piece.marker == 0xE2 && piece.body.count > name.count + 2 {
            guard bytes[piece.body].starts(with: name) else { continue }
            let start = piece.body.lowerBound + name.count
            parts.append((bytes[start], start + 2..<piece.body.upperBound))
        }
        guard !parts.isEmpty else { return nil }
        parts.sort { $0.number < $1.number }
        // A profile with a part missing or twice is none.
        guard parts.enumerated().allSatisfy({ Int($1.number) == $0 + 1 }) else { return nil }
        return parts.flatMap { bytes[$0.body] }
    }
}

/// Which coefficients of which components the scans of a JPEG have announced (ITU-T T.81, B.2.3 and G.1.1.1).
private struct ScanCoverage {
    /// For each component the lowest bit that was announced of each of its 64 coefficients.
    private var lowestBit: [UInt8: [UInt8]] = [:]

    init(frame: ArraySlice<UInt8>) {
        guard frame.count >= 6 else { return }
        let count = Int(frame[frame.startIndex + 5])
        for index in 0..<count where frame.startIndex + 6 + 3 * index < frame.endIndex {
            lowestBit[frame[frame.startIndex + 6 + 3 * index]] = [UInt8](repeating: .max, count: 64)
        }
    }

    mutating func add(_ scan: ArraySlice<UInt8>, isProgressive: Bool) {
        let start = scan.startIndex
        guard let count = scan.first.map(Int.init), scan.count >= 4 + 2 * count else { return }
        let tail = start + 1 + 2 * count
        let (first, last, bit) =
            isProgressive
            ? (Int(scan[tail]), Int(scan[tail + 1]), scan[tail + 2] & 0x0F) : (0, 63, 0)
        guard first <= last, last <= 63 else { return }
        for index in 0..<count {
            guard var bits = lowestBit[scan[start + 1 + 2 * index]] else { continue }
            for coefficient in first...last { bits[coefficient] = min(bits[coefficient], bit) }
            lowestBit[scan[start + 1 + 2 * index]] = bits
        }
    }

    var isComplete: Bool {
        !lowestBit.isEmpty && lowestBit.values.allSatisfy { $0.allSatisfy { $0 == 0 } }
    }
}
