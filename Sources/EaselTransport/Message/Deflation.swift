import CZlib

/// Packs what is sent, through zlib.
package enum Deflation {
    /// The bytes as one gzip member (RFC 1952), packed as tightly as zlib can. For what is packed once and sent often.
    package static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        // 15 bits of window, and 16 more for gzip. It fails only where there is no memory.
        guard czlib_deflate_start(&stream, 15 + 16) == Z_OK else { return [] }
        defer { deflateEnd(&stream) }
        var packed = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        let made: Int? = bytes.withUnsafeBufferPointer { source in
            packed.withUnsafeMutableBufferPointer { target in
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                stream.avail_in = UInt32(clamping: source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(clamping: target.count)
                guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
                return target.count - Int(stream.avail_out)
            }
        }
        return made.map { Array(packed[..<$0]) } ?? []
    }
}
