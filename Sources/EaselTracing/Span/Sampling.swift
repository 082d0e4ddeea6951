package import EaselBase

/// Which traces are kept: those that their beginner keeps, and of those that begin here a share.
package struct Sampling: Sendable, Hashable {
    /// 0 to 1.
    package let ratio: Double

    package init(ratio: Double) {
        self.ratio = ratio.isFinite ? min(max(ratio, 0), 1) : 0
    }

    /// `parent`: what the request brought; it decides where there is one. Of others the last 56 bits of the id decide, which are
    /// random, so that every program with the same share keeps the same traces (OpenTelemetry, "TraceIdRatioBased").
    package func keeps(_ id: TraceID, parent: TraceContext?) -> Bool {
        if let parent { return parent.isSampled }
        if ratio >= 1 { return true }
        let bits = id.low & 0x00FF_FFFF_FFFF_FFFF
        return Double(bits) < ratio * Double(UInt64(1) << 56)
    }
}
