import EaselBase
import Testing
import TestTools

/// `traceparent` and `tracestate` by the W3C's recommendation.
struct TraceContextTests {
    private static let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `what the specification shows is read, and written again`() throws {
        let context = try #require(
            TraceContext(traceparent: [Self.good], tracestate: ["rojo=00f067aa0ba902b7", "congo=t61"])
        )
        #expect(context.traceID.text == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(context.spanID.text == "00f067aa0ba902b7")
        #expect(context.isSampled)
        #expect(context.state == "rojo=00f067aa0ba902b7,congo=t61")
        #expect(context.traceparent == Self.good)
    }

    @Test(arguments: [
        "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        // No id at all, letters in capitals, a digit too few, one too many, a version that is none.
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
    ])
    func `what is no traceparent is none`(_ text: String) {
        #expect(TraceContext(traceparent: [text]) == nil)
    }

    @Test func `a later version is read as far as it is known, and two fields are none`() throws {
        let later = "cc" + Self.good.dropFirst(2) + "-what-the-future-will-be-like"
        #expect(try #require(TraceContext(traceparent: [later])).traceparent == Self.good)
        #expect(TraceContext(traceparent: [Self.good, Self.good]) == nil)
        #expect(TraceContext(traceparent: []) == nil)
        #expect(TraceContext(traceparent: ["\t \(Self.good) "]) != nil)
    }

    @Test func `a flag that is not known does not sample`() throws {
        let context = try #require(TraceContext(traceparent: [Self.good.dropLast(2) + "fe"]))
        #expect(!context.isSampled)
        #expect(context.traceparent.hasSuffix("-00"))
    }

    @Test func `a state is bounded, and one that is broken is dropped without the trace`() throws {
        let many = (0..<100).map { "key\($0)=\(String(repeating: "v", count: 20))" }
        let bounded = try #require(TraceContext(traceparent: [Self.good], tracestate: many)).state
        #expect(bounded.utf8.count <= TraceContext.longestState)
        #expect(
            bounded.split(separator: ",").map(String.init) == Array(many.prefix(bounded.split(separator: ",").count))
        )
        #expect(bounded.split(separator: ",").count > 5)
        for broken in ["novalue", "=x", "a=b,c\u{7F}=d", "a=b\r\nX-Evil: 1"] {
            let context = try #require(TraceContext(traceparent: [Self.good], tracestate: [broken]))
            #expect(context.state == "", "\(broken)")
        }
        #expect(try #require(TraceContext(traceparent: [Self.good], tracestate: [" a=1 ,, b=2"])).state == "a=1,b=2")
    }

    @Test func `what was written is read`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<Effort.cases(2000) {
            let context = TraceContext(
                traceID: .mint(using: &random),
                spanID: .mint(using: &random),
                isSampled: Bool.random(using: &random)
            )
            #expect(TraceContext(traceparent: [context.traceparent]) == context, "seed \(seed)")
        }
    }

    /// Whatever comes, nothing traps, and what is taken is sound.
    @Test func `any text may come`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<Effort.cases(5000) {
            var bytes = Array(Self.good.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            guard let context = TraceContext(traceparent: [String(decoding: bytes, as: UTF8.self)]) else { continue }
            #expect(TraceContext(traceparent: [context.traceparent]) == context, "seed \(seed)")
        }
    }
}
