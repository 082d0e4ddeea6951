import EaselBase
import Foundation
import Testing
import TestTools

@Suite("UUIDv7 (L1)")
struct UUIDv7Tests {
    @Test func `the vector of RFC 9562 has our layout`() throws {
        let id = try #require(UUID(uuidString: "017F22E2-79B0-7CC3-98C4-DC0C0C07398F"))
        let moment = try #require(UUIDv7.moment(of: id))
        #expect(moment == Timestamp("2022-02-22T19:22:22.000Z"))
        #expect(UUIDv7.mint(at: moment).text.hasPrefix("017f22e2-79b0-7"))
    }

    @Test func `version, variant and time stand in every id`() {
        let seed: UInt64 = 0x0E5E_3001
        var random = SeededRandom(seed: seed)
        for _ in 0..<2000 {
            let moment = Timestamp(microseconds: Int64.random(in: 0...253_402_300_799_000_000, using: &random))
            let id = UUIDv7.mint(at: moment, using: &random)
            #expect(id.uuid.6 >> 4 == 7, "seed \(seed)")
            #expect(id.uuid.8 >> 6 == 0b10, "seed \(seed)")
            #expect(
                UUIDv7.moment(of: id)?.microseconds == moment.microseconds / 1000 * 1000,
                "seed \(seed): the time inside is the moment's, cut to milliseconds"
            )
        }
    }

    @Test func `ids sort by their time, as text and as bytes`() {
        let seed: UInt64 = 0x0E5E_3002
        var random = SeededRandom(seed: seed)
        var moment = Timestamp(microseconds: 1_795_253_400_000_000)
        var ids: [UUID] = []
        for _ in 0..<1000 {
            ids.append(UUIDv7.mint(at: moment, using: &random))
            moment = moment + .milliseconds(Int64.random(in: 1...100_000, using: &random))
        }
        #expect(ids.shuffled(using: &random).sorted { $0.text < $1.text } == ids, "seed \(seed)")
    }

    @Test func `ids of one millisecond differ`() {
        let moment = Timestamp(microseconds: 1_795_253_400_000_000)
        #expect(Set((0..<10_000).map { _ in UUIDv7.mint(at: moment) }).count == 10_000)
    }

    @Test func `a moment before 1970 becomes the first one`() {
        #expect(UUIDv7.moment(of: UUIDv7.mint(at: Timestamp(microseconds: -5_000_000))) == Timestamp(microseconds: 0))
    }

    @Test func `an id of another version tells no time`() throws {
        #expect(UUIDv7.moment(of: UUID()) == nil)
        #expect(UUIDv7.moment(of: try #require(UUID(uuidString: "C232AB00-9414-11EC-B3C8-9F6BDECED846"))) == nil)
    }

    @Test func `the text is lower case and reads back`() throws {
        for _ in 0..<100 {
            let id = UUID()
            #expect(id.text == id.uuidString.lowercased())
            #expect(UUID(uuidString: id.text) == id)
        }
    }
}

@Suite("Hex")
struct HexTests {
    @Test(
        arguments: [
            ([], ""), ([0], "00"), ([255], "ff"), ([0, 1, 0x0A, 0xA0, 0xDE, 0xAD], "00010aa0dead"),
        ] as [([UInt8], String)]
    )
    func `bytes become lower-case pairs and come back`(bytes: [UInt8], text: String) {
        #expect(Hex.encode(bytes) == text)
        #expect(Hex.decode(text) == bytes)
        #expect(Hex.decode(text.uppercased()) == bytes)
    }

    @Test(arguments: ["0", "0g", "abc", "zz", "00 ", " 00", "0x00", "00-00", "é0", "０0", "/0", ":0", "@0", "`0"])
    func `an odd length or a foreign character is refused`(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test func `every byte survives`() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(Hex.decode(Hex.encode(bytes)) == bytes)
    }

    @Test func `dashes stand where they are asked for`() {
        #expect(Hex.encode([1, 2, 3, 4], dashesAfter: [1, 3]) == "01-0203-04")
    }
}
