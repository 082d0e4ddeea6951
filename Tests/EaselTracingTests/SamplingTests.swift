import EaselBase
import Testing
import TestTools

@testable import EaselTracing

struct SamplingTests {
    @Test func aParentDecides() throws {
        let id = try #require(TraceID(high: 1, low: 0x00FF_FFFF_FFFF_FFFF))
        let span = try #require(SpanID(7))
        for isSampled in [true, false] {
            let parent = TraceContext(traceID: id, spanID: span, isSampled: isSampled)
            #expect(Sampling(ratio: 0).keeps(id, parent: parent) == isSampled)
            #expect(Sampling(ratio: 1).keeps(id, parent: parent) == isSampled)
        }
    }

    @Test func whatIsNoShareIsFitted() {
        #expect(Sampling(ratio: -1).ratio == 0)
        #expect(Sampling(ratio: 7).ratio == 1)
        #expect(Sampling(ratio: .nan).ratio == 0)
    }

    /// A share keeps about so many, and whatever a smaller share keeps.
    @Test func aShareIsAShare() {
        var random = SystemRandomNumberGenerator()
        let ids = (0..<20_000).map { _ in TraceID.mint(using: &random) }
        let tenth = ids.filter { Sampling(ratio: 0.1).keeps($0, parent: nil) }
        let half = ids.filter { Sampling(ratio: 0.5).keeps($0, parent: nil) }
        // Six standard deviations.
        #expect(abs(tenth.count - 2000) < 260)
        #expect(abs(half.count - 10_000) < 430)
        #expect(Set(tenth).isSubset(of: Set(half)))
        #expect(ids.allSatisfy { Sampling(ratio: 1).keeps($0, parent: nil) })
        #expect(!ids.contains { Sampling(ratio: 0).keeps($0, parent: nil) })
    }
}
