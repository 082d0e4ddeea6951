import CLCMS2

/// An ICC profile through Little CMS. A profile that cannot be read, or is of another kind than the pixels, changes nothing:
/// a bad profile must not make a good image unusable.
struct ColourProfile {
    /// The largest that is looked at, in bytes; profiles of printers with many grid points stay below.
    private static let maxBytes = 8 << 20

    // Layouts of `cmsUInt32Number` formats (lcms2.h): colour space at bit 16, inverted at 13, extra channels at 7,
    // channels at 3, bytes a channel at 0.
    private static let rgba = UInt32(PT_RGB) << 16 | 1 << 7 | 3 << 3 | 1
    /// The first of four bytes alone.
    private static let grayOfRGBA = UInt32(PT_GRAY) << 16 | 3 << 7 | 1 << 3 | 1
    private static let cmyk = UInt32(PT_CMYK) << 16 | 4 << 3 | 1
    private static let cmykInverted = cmyk | 1 << 13

    /// A profile, closed on every path.
    private struct Handle: ~Copyable {
        let raw: cmsHPROFILE

        init?(_ raw: cmsHPROFILE?) {
            guard let raw else { return nil }
            self.raw = raw
        }

        deinit { cmsCloseProfile(raw) }
    }

    private let bytes: [UInt8]

    /// Nil when the bytes are too few or too many.
    init?(_ bytes: [UInt8]) {
        guard (128...Self.maxBytes).contains(bytes.count) else { return nil }
        self.bytes = bytes
    }

    /// Turns the colours of RGBA bytes into sRGB and leaves alpha alone. `isGray`: the three colours of each pixel are
    /// the same.
    func convert(_ pixels: inout [UInt8], isGray: Bool) {
        guard let profile = Handle(cmsOpenProfileFromMem(bytes, UInt32(bytes.count))) else { return }
        let layout: UInt32
        switch cmsGetColorSpace(profile.raw) {
        case cmsSigRgbData: layout = Self.rgba
        case cmsSigGrayData where isGray: layout = Self.grayOfRGBA
        default: return
        }
        // Extra channels of the output are left as they are.
        var converted = pixels
        if Self.transform(profile, layout, from: pixels, into: &converted) { pixels = converted }
    }

    /// Inks, four bytes a pixel, as opaque RGBA in sRGB; `isInverted`: 255 is no ink. Nil when this is no profile of inks.
    func rgba(ofCMYK inks: [UInt8], isInverted: Bool) -> [UInt8]? {
        guard let profile = Handle(cmsOpenProfileFromMem(bytes, UInt32(bytes.count))),
            cmsGetColorSpace(profile.raw) == cmsSigCmykData
        else { return nil }
        var converted = [UInt8](repeating: 255, count: inks.count)
        let layout = isInverted ? Self.cmykInverted : Self.cmyk
        return Self.transform(profile, layout, from: inks, into: &converted) ? converted : nil
    }

    private static func transform(
        _ profile: borrowing Handle,
        _ layout: UInt32,
        from source: [UInt8],
        into target: inout [UInt8]
    ) -> Bool {
        guard let standard = Handle(cmsCreate_sRGBProfile()),
            // Perceptual, as browsers show embedded profiles.
            let transform = cmsCreateTransform(profile.raw, layout, standard.raw, rgba, UInt32(INTENT_PERCEPTUAL), 0)
        else { return false }
        defer { cmsDeleteTransform(transform) }
        cmsDoTransform(transform, source, &target, UInt32(source.count / 4))
        return true
    }
}
