import Dispatch
import EaselBase
import Foundation
import Testing
import TestTools

@Suite("Log")
struct LogTests {
    private let lines = Locked<[String]>([])

    private func log(_ minimum: LogLevel = .info) -> Log {
        let lines = lines
        return Log(minimum: minimum, time: .fixed(Timestamp(microseconds: 1_795_253_400_125_000))) { line in
            lines.withLock { $0.append(line) }
        }
    }

    private var written: [String] { lines.withLock(\.self) }

    @Test func `a line is one JSON object with time, level, message, context and values in order`() {
        log().with("call", "c-1").with("team", "design").warning(
            "provider failed",
            ["provider": "runware", "ms": "12"]
        )
        #expect(
            written == [
                #"{"time":"2026-11-21T09:30:00.125Z","level":"warning","message":"provider failed","call":"c-1","#
                    + #""team":"design","provider":"runware","ms":"12"}"# + "\n"
            ]
        )
    }

    @Test(arguments: LogLevel.allCases)
    func `lines below the minimum are left out`(minimum: LogLevel) throws {
        let log = log(minimum)
        log.debug("line")
        log.info("line")
        log.warning("line")
        log.error("line")
        let levels = try written.map { try JSON.decode([String: String].self, from: Array($0.utf8))["level"] }
        #expect(levels == LogLevel.allCases.filter { $0 >= minimum }.map(\.rawValue))
    }

    @Test func `levels are ordered by urgency`() {
        #expect(LogLevel.allCases.shuffled().sorted() == [.debug, .info, .warning, .error])
    }

    @Test func `every character of a value comes back, and none breaks the line`() throws {
        let hostile =
            (0..<0x20).map { String(UnicodeScalar(UInt8($0))) } + [
                "\"", "\\", "\\n", "\"},{\"", "\u{7F}", "\u{85}", "\u{2028}", "\u{2029}", "😀", "e\u{301}", "\u{FFFD}",
                "\u{10FFFF}", "two\nlines\r\n", "",
            ]
        for value in hostile { log().with("context", value).info("hostile \"message\"\n", ["value": value]) }
        #expect(written.count == hostile.count)
        for (line, value) in zip(written, hostile) {
            #expect(line.utf8.count(where: { $0 == 10 }) == 1 && line.hasSuffix("\n"))
            #expect(!line.utf8.contains(where: { $0 < 0x20 && $0 != 10 }))
            let members = try JSON.decode([String: String].self, from: Array(line.utf8))
            #expect(members["value"] == value)
            #expect(members["context"] == value)
            #expect(members["message"] == "hostile \"message\"\n")
        }
    }

    @Test func `random text survives`() throws {
        for seed in UInt64(0x0E5E_6000)..<0x0E5E_6000 + 200 {
            var random = SeededRandom(seed: seed)
            var text = ""
            for _ in 0..<30 {
                let limit: UInt32 = Bool.random(using: &random) ? 0x7F : 0x10FFFF
                UnicodeScalar(UInt32.random(in: 0...limit, using: &random)).map { text.unicodeScalars.append($0) }
            }
            var literal = ""
            literal.appendJSONString(text)
            let back = try JSON.decode([String].self, from: Array("[\(literal)]".utf8)).first
            #expect(back.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars), "seed \(seed)")
        }
    }

    @Test func `adding context leaves the first log as it was`() {
        let first = log()
        _ = first.with("call", "c-1")
        first.info("plain")
        #expect(written.first?.contains("c-1") == false)
    }

    @Test func `a silent log writes nothing to standard error`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            Log.silent.error("nothing")
        }
        #expect(result?.standardErrorContent.isEmpty == true)
    }

    @Test func `lines of many threads do not mix on standard error`() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let log = Log()
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                for line in 0..<100 {
                    let filler = String(repeating: "x", count: 7 * line)
                    log.info("line", ["thread": "\(thread)", "line": "\(line)", "filler": filler])
                }
            }
            // Ends as soon as all is written. The tests' own reader may not come to read while others compute.
            LineWriter.standardError.flush(stall: .seconds(900), within: .seconds(900))
        }
        let bytes = try #require(result).standardErrorContent
        var next = Array(repeating: 0, count: 8)
        for line in bytes.split(separator: 10) {
            let members = try JSON.decode([String: String].self, from: Array(line))
            let thread = try #require(members["thread"].flatMap { Int($0) })
            #expect(members["line"] == "\(next[thread])", "each thread's own lines keep their order")
            #expect(members["filler"]?.count == 7 * next[thread])
            next[thread] += 1
        }
        #expect(next == Array(repeating: 100, count: 8))
    }
}
