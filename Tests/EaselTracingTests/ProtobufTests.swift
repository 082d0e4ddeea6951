import Testing
import TestTools

@testable import EaselTracing

/// Bytes of Protocol Buffers, beside the examples of its own documentation (protobuf.dev, "Encoding").
struct ProtobufTests {
    private static func bytes(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        write(&writer)
        return writer.bytes
    }

    @Test func `the documentation's examples`() {
        #expect(Self.bytes { $0.number(1, 150) } == [0x08, 0x96, 0x01])
        #expect(Self.bytes { $0.text(2, "testing") } == [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67])
        #expect(Self.bytes { $0.message(3) { $0.number(1, 150) } } == [0x1A, 0x03, 0x08, 0x96, 0x01])
        // int64 -2 is ten bytes.
        #expect(
            Self.bytes { $0.number(1, UInt64(bitPattern: -2)) }
                == [0x08, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
        )
        #expect(Self.bytes { $0.fixed32(16, 0x101) } == [0x85, 0x01, 0x01, 0x01, 0, 0])
        #expect(Self.bytes { $0.fixed64(7, 1) } == [0x39, 1, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `defaults are left out, but where a choice says which it is`() {
        #expect(
            Self.bytes { writer in
                writer.number(1, 0)
                writer.text(2, "")
                writer.fixed64(3, 0)
                writer.fixed32(4, 0)
            }.isEmpty
        )
        #expect(Self.bytes { $0.number(2, 0, evenZero: true) } == [0x10, 0])
        #expect(Self.bytes { $0.text(1, "", evenEmpty: true) } == [0x0A, 0])
        #expect(Self.bytes { $0.message(5) { _ in } } == [0x2A, 0])
    }

    @Test func `what was written is read`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<Effort.cases(2000) {
            let number =
                UInt64.random(in: 1...UInt64.max, using: &random) >> UInt64.random(in: 0..<64, using: &random) | 1
            let data = (0..<Int.random(in: 1...300, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let written = Self.bytes { writer in
                writer.fixed64(9, 7)
                writer.number(1, number)
                writer.data(1000, data)
                writer.fixed32(16, 7)
            }
            let fields = try #require(ProtobufFields(written[...]), "seed \(seed)")
            #expect(fields.numbers[1] == number, "seed \(seed)")
            #expect(fields.data[1000].map(Array.init) == data, "seed \(seed)")
        }
    }

    /// A stranger's bytes end no program, and lengths are not believed.
    @Test func `any bytes may come`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<Effort.cases(20_000) {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = ProtobufFields(bytes[...])
            #expect(OTLPTraces.rejected(bytes) >= 0, "seed \(seed)")
        }
        #expect(ProtobufFields([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]) == nil)
        #expect(ProtobufFields([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02]) == nil)
        #expect(ProtobufFields([0x0A, 0x05, 0x01]) == nil)
        #expect(ProtobufFields([0x00]) == nil)
    }

    @Test func `spans that were not taken are counted`() {
        let answer = Self.bytes {
            $0.message(1) { partial in
                partial.number(1, 3)
                partial.text(2, "too large")
            }
        }
        #expect(OTLPTraces.rejected(answer) == 3)
        #expect(OTLPTraces.rejected([]) == 0)
    }
}
