import EaselCore
import EaselImaging
import Foundation
import Testing

/// Colours come out as they were meant: sRGB where an image is written anew, the profile where it is not.
struct ColourTests {
    /// What a colour of these primaries is in sRGB, worked out without a colour library.
    private func sRGB(_ pixel: [UInt8], _ primaries: [[Double]], gamma: Double) -> [Int] {
        let linear = pixel.map { pow(Double($0) / 255, gamma) }
        let xyz = (0..<3).map { row in (0..<3).reduce(0) { $0 + primaries[$1][row] * linear[$1] } }
        // D50 XYZ to linear sRGB (Lindbloom, Bradford-adapted).
        let matrix = [
            [3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540],
            [0.0719453, -0.2289914, 1.4052427],
        ]
        return matrix.map { row in
            let value = min(max((0..<3).reduce(0) { $0 + row[$1] * xyz[$1] }, 0), 1)
            return Int((255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055)).rounded())
        }
    }

    private func isNear(_ pixel: [UInt8], _ wanted: [Int], _ tolerance: Int = 4) -> Bool {
        zip(pixel, wanted).allSatisfy { abs(Int($0) - $1) <= tolerance }
    }

    /// One pixel of a file, as people see it.
    private func colour(_ file: [UInt8], _ column: Int = 3, _ row: Int = 3) throws -> [UInt8] {
        Array(try ImageCodec.decode(file).pixel(column, row))
    }

    static let colours: [[UInt8]] = [
        [200, 60, 60], [30, 180, 90], [60, 80, 200], [128, 128, 128], [255, 255, 255], [10, 200, 200],
    ]

    /// The colour as a file of each format with the profile in it.
    private func files(_ colour: [UInt8], _ profile: [UInt8], alpha: UInt8 = 255) throws -> [(ImageFormat, [UInt8])] {
        let pixels = Pattern.plain(
            width: 40,
            height: 32,
            red: colour[0],
            green: colour[1],
            blue: colour[2],
            alpha: alpha
        )
        return try ImageFormat.allCases.map { format in
            (format, Embedding.profile(profile, in: try ImageCodec.encode(pixels, as: format, quality: 99), format))
        }
    }

    @Test(arguments: colours)
    func `a wide colour space becomes sRGB`(_ given: [UInt8]) throws {
        for (primaries, gamma) in [(HandmadeProfile.displayP3, 2.2), (HandmadeProfile.adobeRGB, 2.19921875)] {
            let wanted = sRGB(given, primaries, gamma: gamma)
            for (format, file) in try files(given, HandmadeProfile.rgb(primaries, gamma: gamma)) {
                let found = try colour(file, 20, 16)
                #expect(isNear(found, wanted), "\(format) \(given): \(found) for \(wanted)")
                let square = PixelSize(width: 1, height: 1)
                let cut = try #require(try ImageEditing.crop(file, toRatio: square, maxBytes: 1 << 20))
                let cropped = try colour(cut.bytes)
                #expect(isNear(cropped, wanted), "\(format) cropped: \(cropped) for \(wanted)")
                for target in ImageFormat.allCases where target != format {
                    let other = try colour(try ImageEditing.transcode(file, to: target, quality: 99))
                    #expect(isNear(other, wanted, 5), "\(format) to \(target): \(other) for \(wanted)")
                }
            }
        }
    }

    @Test func `where the bytes pass, the profile stays`() throws {
        let profile = HandmadeProfile.rgb(HandmadeProfile.displayP3, gamma: 2.2)
        for (format, file) in try files([200, 60, 60], profile) {
            #expect(try ImageEditing.transcode(file, to: format, quality: nil) == file)
            #expect(try SourcePreparation().prepare(file).bytes == file, "\(format)")
        }
    }

    @Test func `alpha is no colour`() throws {
        let profile = HandmadeProfile.rgb(HandmadeProfile.displayP3, gamma: 2.2)
        for (format, file) in try files([200, 60, 60], profile, alpha: 77) where format != .jpg {
            #expect(try ImageCodec.decode(file).pixel(5, 5)[3] == 77, "\(format)")
        }
    }

    @Test func `gray with a gray profile`() throws {
        let profile = HandmadeProfile.gray(gamma: 1)
        // Gamma 1: half of the light is 188 in sRGB.
        var png = HandmadePNG(width: 8, height: 1, colour: 0, rows: [0] + [UInt8](repeating: 128, count: 8))
        png.chunks = [("iCCP", Embedding.iccp(profile))]
        let gray = try colour(png.bytes(), 0, 0)
        #expect(isNear(gray, [188, 188, 188], 2), "\(gray)")
        let linear = try colour(Fixture.grayJPEG, 8, 14)[0]
        let wanted = Int((255 * (1.055 * pow(Double(linear) / 255, 1 / 2.4) - 0.055)).rounded())
        let jpeg = try colour(Embedding.profile(profile, in: Fixture.grayJPEG, .jpg), 8, 14)
        #expect(isNear(jpeg, [wanted, wanted, wanted], 2), "\(jpeg)")
    }

    @Test func `inks are read through their profile, also inverted ones`() throws {
        // Magenta and yellow together look blue in this profile, everything else white.
        let profile = HandmadeProfile.inks { $0 == 0b0110 ? [32, 79, -108] : [100, 0, 0] }
        let plain = try colour(Fixture.cmykJPEG, 8, 8)
        #expect(isNear(plain, [255, 0, 0], 12), "red without a profile")
        let file = Embedding.profile(profile, in: Fixture.cmykJPEG, .jpg)
        let blue = try colour(file, 8, 8)
        #expect(isNear(blue, [0, 0, 255], 16), "\(blue)")
        let png = try colour(try ImageEditing.transcode(file, to: .png, quality: nil), 8, 8)
        #expect(isNear(png, [0, 0, 255], 16), "\(png)")
    }

    @Test func `a profile of another kind, or none at all, changes nothing`() throws {
        let plain = try ImageCodec.decode(Fixture.progressiveJPEG)
        let sound = HandmadeProfile.rgb(HandmadeProfile.displayP3, gamma: 2.2)
        for profile in [
            HandmadeProfile.gray(gamma: 1), HandmadeProfile.inks { _ in [50, 0, 0] }, [UInt8](repeating: 7, count: 500),
            Array(sound.prefix(200)), [],
        ] {
            #expect(try ImageCodec.decode(Embedding.profile(profile, in: Fixture.progressiveJPEG, .jpg)) == plain)
        }
        #expect(try ImageCodec.decode(Embedding.profile(sound, in: Fixture.progressiveJPEG, .jpg)) != plain)
    }

    @Test func `a long profile in several segments is put together`() throws {
        let profile = HandmadeProfile.rgb(HandmadeProfile.displayP3, gamma: 2.2)
        let whole = Embedding.profile(profile, in: Fixture.progressiveJPEG, .jpg)
        let parts = Embedding.profile(profile, in: Fixture.progressiveJPEG, .jpg, partBytes: 100)
        #expect(try ImageCodec.decode(parts) == ImageCodec.decode(whole))
        #expect(try SourcePreparation().prepare(parts).bytes == parts)
    }

    @Test func `changed profiles never crash`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let kinds = [
            (HandmadeProfile.rgb(HandmadeProfile.displayP3, gamma: 2.2), Fixture.progressiveJPEG),
            (HandmadeProfile.gray(gamma: 2), Fixture.grayJPEG),
            (HandmadeProfile.inks { [Double($0) * 5, 20, -20] }, Fixture.cmykJPEG),
        ]
        for round in 0..<200 {
            var (profile, base) = kinds[round % 3]
            // The head and the table of tags matter most.
            let reach = round % 2 == 0 ? profile.count : min(300, profile.count)
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                profile[Int.random(in: 0..<reach, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            base = Embedding.profile(profile, in: base, .jpg)
            #expect(throws: Never.self, "seed \(seed)") { try ImageCodec.decode(base) }
        }
    }
}
