import CZlib

/// Unpacks deflated data through zlib, and never makes more of it than asked for.
enum Inflation {
    enum Format {
        /// One gzip member after another (RFC 1952).
        case gzip
        /// A zlib stream (RFC 1950), or bare deflate data (RFC 1951), which many senders call the same.
        case deflate
    }

    enum Fault: Error {
        case damaged
        case tooLarge
    }

    private static let pieceBytes = 64 << 10

    static func unpack(_ packed: [UInt8], _ format: Format, maxBytes: Int) throws(Fault) -> [UInt8] {
        var stream = z_stream()
        // 15 bits of window; 16 more for gzip, negative for data without a frame.
        let windowBits: Int32 = format == .gzip ? 15 + 16 : hasZlibHead(packed) ? 15 : -15
        guard czlib_inflate_start(&stream, windowBits) == Z_OK else { throw .damaged }
        defer { inflateEnd(&stream) }
        var unpacked: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        let outcome: Fault? = packed.withUnsafeBufferPointer { source in
            stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
            stream.avail_in = UInt32(clamping: source.count)
            while true {
                let code = piece.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    return inflate(&stream, Z_NO_FLUSH)
                }
                let made = pieceBytes - Int(stream.avail_out)
                guard made <= maxBytes - unpacked.count else { return .tooLarge }
                unpacked += piece[..<made]
                switch code {
                case Z_OK where made > 0 || stream.avail_in > 0: continue
                case Z_STREAM_END:
                    let rest = source.suffix(Int(stream.avail_in))
                    // Zeros are what tapes and block stores pad with.
                    if rest.allSatisfy({ $0 == 0 }) { return nil }
                    guard format == .gzip, inflateReset(&stream) == Z_OK else { return .damaged }
                default: return .damaged  // also data that end too early
                }
            }
        }
        if let outcome { throw outcome }
        return unpacked
    }

    /// The method is 8 and the two bytes are a multiple of 31 (RFC 1950, 2.2).
    private static func hasZlibHead(_ packed: [UInt8]) -> Bool {
        packed.count >= 2 && packed[0] & 0x0F == 8 && (Int(packed[0]) << 8 | Int(packed[1])) % 31 == 0
    }
}
