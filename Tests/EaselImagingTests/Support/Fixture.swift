import Foundation

/// Small files of kinds that the encoder never makes, as base64.
enum Fixture {
    /// Gray JPEG, 16x16: the upper half is 40, the lower 200.
    static let grayJPEG = decode(
        """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMU
        FRUVDA8XGBYUGBIUFRT/wAALCAAQABABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUF
        BAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVW
        V1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi
        4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APhSiv2ror//2Q==
        """
    )

    /// CMYK JPEG (stored as YCCK with Adobe's marker, so inverted), 16x16: pure red.
    static let cmykJPEG = decode(
        """
        /9j/7gAOQWRvYmUAZAAAAAAC/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoK
        CgYICwwLCgwJCgoK/9sAQwECAgICAgIFAwMFCgcGBwoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK
        CgoKCgoK/8AAFAgAEAAQBAERAAIRAQMRAQQRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMF
        BQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RV
        VldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh
        4uPk5ebn6Onq8fLz9PX29/j5+v/EAB8BAAMBAQEBAQEBAQEAAAAAAAABAgMEBQYHCAkKC//EALURAAIBAgQEAwQHBQQEAAECdwAB
        AgMRBAUhMQYSQVEHYXETIjKBCBRCkaGxwQkjM1LwFWJy0QoWJDThJfEXGBkaJicoKSo1Njc4OTpDREVGR0hJSlNUVVZXWFlaY2Rl
        ZmdoaWpzdHV2d3h5eoKDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uLj5OXm5+jp
        6vLz9PX29/j5+v/aAA4EAQACEQMRBAAAPwD7Mr+rD/n/AD9/KKACigAooAK//9k=
        """
    )

    /// Progressive JPEG with halved colour, 16x16: the upper half is 20,200,120 and the lower 20,40,120.
    static let progressiveJPEG = decode(
        """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoK
        CgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK
        CgoKCgoKCgr/wgARCAAQABADASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAUI/8QAFQEBAQAAAAAAAAAAAAAAAAAABgf/
        2gAMAwEAAhADEAAAAaTIZDG//8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABBQIf/8QAGBEAAgMAAAAAAAAAAAAAAAAAABZk
        ouL/2gAIAQMBAT8BQ5FNH//EABgRAAIDAAAAAAAAAAAAAAAAAAAWY6Li/9oACAECAQE/AU+euj//xAAUEAEAAAAAAAAAAAAAAAAA
        AAAg/9oACAEBAAY/Ah//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAE/IR//2gAMAwEAAgADAAAAEAP/xAAUEQEAAAAAAAAA
        AAAAAAAAAAAA/9oACAEDAQE/EG//xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oACAECAQE/EFf/xAAUEAEAAAAAAAAAAAAAAAAAAAAg
        /9oACAEBAAE/EB//2Q==
        """
    )

    /// Lossless WebP with alpha, 4x4: pixel i is (16 i, 255 - 16 i, 77), its alpha 128 where i is even.
    static let losslessWebP = decode(
        """
        UklGRkQAAABXRUJQVlA4TDcAAAAvA8AAEH+gkG0EyN/uEM7khxAIpHiUEJ4mAUHRc6anOvFYxIMgAGLdggULFixYsGAlov8ByukO
        AA==
        """
    )

    /// The header of an animated WebP, 100x50, padded as far as the probe looks.
    static let animatedWebP: [UInt8] = {
        let canvas: [UInt8] = [10, 0, 0, 0, 0x02, 0, 0, 0, 99, 0, 0, 49, 0, 0]
        return Array("RIFFd\0\0\0WEBPVP8X".utf8) + canvas + [UInt8](repeating: 0, count: 40)
    }()

    /// An EXIF block (TIFF data) that holds nothing but the orientation.
    static func exif(orientation: Int, bigEndian: Bool) -> [UInt8] {
        let value = UInt8(orientation)
        let big: [UInt8] = [77, 77, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0, 0, 0, 0, 0]
        let little: [UInt8] = [
            73, 73, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, value, 0, 0, 0, 0, 0, 0, 0,
        ]
        return bigEndian ? big : little
    }

    /// A JPEG with an EXIF segment put behind its first two bytes.
    static func jpeg(_ file: [UInt8], orientation: Int, bigEndian: Bool) -> [UInt8] {
        let body: [UInt8] = Array("Exif\0\0".utf8) + exif(orientation: orientation, bigEndian: bigEndian)
        let head: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, 0, UInt8(body.count + 2)]
        return head + body + Array(file.dropFirst(2))
    }

    private static func decode(_ text: String) -> [UInt8] {
        [UInt8](Data(base64Encoded: text, options: .ignoreUnknownCharacters)!)
    }
}
