import EaselBase
import Testing
import TestTools

@Suite("Durations as text")
struct DurationTextTests {
    @Test(
        arguments: [
            ("0", .zero), ("0s", .zero), ("500ms", .milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)),
            ("1h", .seconds(3600)), ("7d", .seconds(604_800)), ("007s", .seconds(7)), ("90m", .seconds(5400)),
        ] as [(String, Duration)]
    )
    func `a whole number and a unit are read`(text: String, duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test(
        arguments: [
            "", "s", "5", "-5s", "+5s", "1.5s", "5 s", " 5s", "5s ", "5S", "5min", "5hours", "5w", "5us", "1h30m",
            "1000000000s", "99999999999999999999s", "٥s", "5\u{301}s",
        ]
    )
    func `anything else is none`(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        arguments: [
            (.zero, "0s"), (.milliseconds(1), "1ms"), (.milliseconds(1500), "1500ms"), (.seconds(1), "1s"),
            (.seconds(60), "1m"), (.seconds(61), "61s"), (.seconds(3600), "1h"), (.seconds(5400), "90m"),
            (.seconds(86_400), "1d"), (.seconds(90_000), "25h"), (.milliseconds(-1500), "-1500ms"),
        ] as [(Duration, String)]
    )
    func `the shortest exact spelling is written`(duration: Duration, text: String) {
        #expect(DurationText.format(duration) == text)
    }

    @Test func `what is written reads back`() {
        let seed: UInt64 = 0x0E5E_4001
        var random = SeededRandom(seed: seed)
        for _ in 0..<2000 {
            let unit: Int64 = [1, 1000, 60_000, 3_600_000, 86_400_000].randomElement(using: &random) ?? 1
            let duration = Duration.milliseconds(Int64.random(in: 0...10_000, using: &random) * unit)
            let text = DurationText.format(duration)
            #expect(DurationText.parse(text) == duration, "seed \(seed): \(text)")
        }
    }

    @Test(
        arguments: [
            ("999999999s", .seconds(999_999_999)), ("16666666m", .seconds(999_999_960)),
            ("277777h", .seconds(999_997_200)), ("11574d", .seconds(999_993_600)),
            ("999999999ms", .milliseconds(999_999_999)), ("16666667m", nil), ("277778h", nil), ("11575d", nil),
            ("999999999m", nil), ("999999999h", nil), ("999999999d", nil),
        ] as [(String, Duration?)]
    )
    func `what is longer than thirty years is no duration, and what is read can be written`(
        text: String,
        duration: Duration?
    ) {
        #expect(DurationText.parse(text) == duration)
        if let duration {
            #expect(duration <= DurationText.longest)
            #expect(DurationText.parse(DurationText.format(duration)) == duration)
        }
    }
}

@Suite("Sizes as text")
struct ByteSizeTextTests {
    @Test(
        arguments: [
            ("0", 0), ("512", 512), ("512B", 512), ("1KB", 1000), ("1kB", 1000), ("10KiB", 10_240),
            ("10MB", 10_000_000), ("10MiB", 10_485_760), ("1GB", 1_000_000_000), ("1GiB", 1_073_741_824),
            ("999999GiB", 1_073_740_750_258_176), ("999999999999", 999_999_999_999),
        ]
    )
    func `a whole number and a unit are read`(text: String, bytes: Int) {
        #expect(ByteSizeText.parse(text) == bytes)
    }

    @Test(
        arguments: [
            "", "MiB", "-1", "+1", "1.5MiB", "1 MiB", "1mib", "1K", "1M", "1TiB", "1Kib", "1000000GiB", "1000000GB",
            "1000000000MiB", "1000000000000", "99999999999999999999", "1MiB ",
        ]
    )
    func `anything else is none`(text: String) {
        #expect(ByteSizeText.parse(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (10_485_760, "10 MiB"),
            (1_073_741_824, "1 GiB"), (1_610_612_736, "1.5 GiB"),
        ]
    )
    func `people read a size in its largest unit`(bytes: Int, text: String) {
        #expect(ByteSizeText.format(bytes) == text)
    }
}
