import Foundation

/// Small ICC profiles written by hand (ICC.1:2001-04), for colours that can be worked out on paper.
enum HandmadeProfile {
    /// Primaries and white of Display P3 and Adobe RGB (1998), adapted to D50 as their own profiles list them.
    static let displayP3: [[Double]] = [
        [0.51512, 0.24120, -0.00105], [0.29198, 0.69225, 0.04189], [0.15710, 0.06657, 0.78407],
    ]
    static let adobeRGB: [[Double]] = [
        [0.60974, 0.31111, 0.01947], [0.20528, 0.62567, 0.06087], [0.14919, 0.06322, 0.74457],
    ]

    /// Colours by their primaries in XYZ and one gamma for all channels.
    static func rgb(_ primaries: [[Double]], gamma: Double) -> [UInt8] {
        let names = ["rXYZ", "gXYZ", "bXYZ"]
        var tags = zip(names, primaries).map { ($0, xyz($1)) }
        tags += ["rTRC", "gTRC", "bTRC"].map { ($0, curve(gamma)) }
        return profile(space: "RGB ", connection: "XYZ ", kind: "mntr", tags)
    }

    static func gray(gamma: Double) -> [UInt8] {
        profile(space: "GRAY", connection: "XYZ ", kind: "mntr", [("kTRC", curve(gamma))])
    }

    /// Inks whose sixteen full combinations look as told, in L*, a*, b*. The index has cyan as its highest bit.
    static func inks(_ lab: (Int) -> [Double]) -> [UInt8] {
        var table = Array("mft1".utf8) + [0, 0, 0, 0, 4, 3, 2, 0]
        for index in 0..<9 { table += word(index % 4 == 0 ? 65_536 : 0) }
        for _ in 0..<4 { table += (0...255).map { UInt8($0) } }
        for combination in 0..<16 {
            let colour = lab(combination)
            table += [
                UInt8(colour[0] * 255 / 100), UInt8(colour[1] + 128), UInt8(colour[2] + 128),
            ]
        }
        for _ in 0..<3 { table += (0...255).map { UInt8($0) } }
        return profile(space: "CMYK", connection: "Lab ", kind: "prtr", [("A2B0", table)])
    }

    private static func profile(space: String, connection: String, kind: String, _ given: [(String, [UInt8])])
        -> [UInt8]
    {
        let text = Array("desc".utf8) + [0, 0, 0, 0] + word(2) + Array("x\0".utf8) + [UInt8](repeating: 0, count: 78)
        let tags = given + [("wtpt", xyz([0.9642, 1, 0.8249])), ("desc", text)]
        var table = word(tags.count)
        var data: [UInt8] = []
        let start = 128 + 4 + 12 * tags.count
        for (name, content) in tags {
            table += Array(name.utf8) + word(start + data.count) + word(content.count)
            data += content
            while data.count % 4 != 0 { data.append(0) }
        }
        var head = word(start + data.count) + [0, 0, 0, 0, 2, 0x40, 0, 0]
        head += Array((kind + space + connection).utf8) + [UInt8](repeating: 0, count: 12) + Array("acsp".utf8)
        head += [UInt8](repeating: 0, count: 28) + word(63_190) + word(65_536) + word(54_061)
        return head + [UInt8](repeating: 0, count: 128 - head.count) + table + data
    }

    private static func xyz(_ value: [Double]) -> [UInt8] {
        Array("XYZ ".utf8) + [0, 0, 0, 0] + value.flatMap { word(Int(($0 * 65_536).rounded())) }
    }

    private static func curve(_ gamma: Double) -> [UInt8] {
        let fixed = Int((gamma * 256).rounded())
        return Array("curv".utf8) + [0, 0, 0, 0] + word(1) + [UInt8(fixed >> 8), UInt8(fixed & 255)]
    }

    private static func word(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
