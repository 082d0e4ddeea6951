import EaselBase
package import Foundation

/// The draw that decides weights and canary: a call's own, or the same for all calls of what a policy is sticky by.
package enum StickyDraw {
    /// The draw of a call by itself: its id is random but for the time and a few fixed bits.
    package static func ofCall(_ id: UUID) -> UInt64 {
        // The last eight bytes of a version 7 UUID.
        let bits = withUnsafeBytes(of: id.uuid) { $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self) }
        return Mixing.mix(UInt64(bigEndian: bits))
    }

    /// `imageSHA256` is that of the source image's bytes. A call without the tag draws for itself.
    package static func draw(
        _ sticky: Policy.Sticky?,
        team: String,
        keyID: UUID,
        tags: [String: String],
        imageSHA256: @autoclosure () -> [UInt8]?,
        callDraw: UInt64
    ) -> UInt64 {
        switch sticky {
        case nil: return callDraw
        case .team?: return Mixing.draw("team:\(team)".utf8)
        case .key?: return Mixing.draw("key:\(keyID.text)".utf8)
        case .tag(let name)?: return tags[name].map { Mixing.draw("tag:\(name)=\($0)".utf8) } ?? callDraw
        case .image?:
            guard let hash = imageSHA256() else { return callDraw }
            return Mixing.draw(Array("image:".utf8) + hash)
        }
    }
}
