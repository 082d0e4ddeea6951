import Dispatch
import EaselBase
import Foundation
import Testing
import TestTools

@Suite("Lines that wait to be written")
struct LineBacklogTests {
    private func line(_ text: String) -> ContiguousArray<UInt8> { ContiguousArray((text + "\n").utf8) }

    /// Takes the next thing, which must be a line, and writes it.
    private func take(_ backlog: inout LineBacklog) -> String {
        let next = backlog.next
        backlog.wrote(next)
        guard case .line(let bytes) = next else { return "\(next)" }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `lines come in order, and nothing after the last`() {
        var backlog = LineBacklog()
        for number in 0..<1000 { backlog.add(line("\(number)")) }
        #expect((0..<1000).allSatisfy { take(&backlog) == "\($0)\n" })
        #expect(backlog.next == .nothing && backlog.isEmpty && backlog.dropped == 0)
    }

    @Test func `what has no room is lost and told of at its place`() {
        var limits = LineBacklog.Limits()
        limits.lines = 2
        var backlog = LineBacklog(limits: limits)
        for text in ["a", "b", "lost", "lost too"] { backlog.add(line(text)) }
        #expect(backlog.dropped == 2)
        #expect(take(&backlog) == "a\n")
        backlog.add(line("c"))
        #expect(take(&backlog) == "b\n")
        guard case .notice(2, _) = backlog.next else { return #expect(Bool(false), "\(backlog.next)") }
        backlog.wrote(backlog.next)
        #expect(take(&backlog) == "c\n" && backlog.next == .nothing && backlog.dropped == 2)
    }

    @Test func `bytes are a limit too`() {
        var limits = LineBacklog.Limits()
        limits.bytes = 10
        var backlog = LineBacklog(limits: limits)
        backlog.add(line("12345678"))
        backlog.add(line("x"))
        #expect(backlog.dropped == 1)
        _ = take(&backlog)
        guard case .notice(1, _) = backlog.next else { return #expect(Bool(false)) }
        backlog.wrote(backlog.next)
        backlog.add(line("x"))
        #expect(take(&backlog) == "x\n")
    }

    @Test func `a line that fails is lost, and the notice comes before the next one that is written`() {
        var backlog = LineBacklog()
        for text in ["a", "b", "c"] { backlog.add(line(text)) }
        backlog.failed(backlog.next, written: 0, reason: "full")
        #expect(backlog.next == .notice(lost: 1, reason: "full"))
        // The notice fails, and the line behind it would have.
        backlog.failed(backlog.next, written: 3, reason: "still full")
        #expect(backlog.isTorn)
        #expect(backlog.next == .notice(lost: 2, reason: "still full"))
        backlog.wrote(backlog.next)
        #expect(!backlog.isTorn && !backlog.owesNotice)
        #expect(take(&backlog) == "c\n")
        #expect(backlog.next == .nothing && backlog.dropped == 2)
    }

    @Test func `in any course each line is written once or counted, in order, and no gap stays untold`() {
        for seed in UInt64(0x1135_0000)..<0x1135_0000 + 300 {
            var random = SeededRandom(seed: seed)
            var limits = LineBacklog.Limits()
            limits.lines = Int.random(in: 1...5, using: &random)
            var backlog = LineBacklog(limits: limits)
            var added = 0
            var written: [Int] = []
            var told = 0
            func write(failing: Bool) {
                let next = backlog.next
                if case .nothing = next { return }
                if failing { return backlog.failed(next, written: Int.random(in: 0...1, using: &random), reason: "x") }
                backlog.wrote(next)
                switch next {
                case .line(let bytes):
                    Int(String(decoding: bytes.dropLast(), as: UTF8.self)).map { written.append($0) }
                case .notice(let lost, _): told += lost
                case .nothing: break
                }
            }
            for _ in 0..<200 {
                if Bool.random(using: &random) {
                    backlog.add(line("\(added)"))
                    added += 1
                } else {
                    write(failing: Int.random(in: 0..<3, using: &random) == 0)
                }
            }
            while backlog.next != .nothing { write(failing: false) }
            #expect(written == written.sorted() && Set(written).count == written.count, "seed \(seed)")
            #expect(written.count + backlog.dropped == added, "seed \(seed)")
            #expect(told == backlog.dropped, "seed \(seed)")
        }
    }
}

@Suite("Writing to a descriptor", .timeLimit(.minutes(1)))
struct LineWriterTests {
    /// Work on a thread of its own: what blocks must not take a thread of the tests' tasks.
    private struct Beside {
        private let done = DispatchSemaphore(value: 0)

        init(_ work: @escaping @Sendable () -> Void) {
            let done = done
            Thread.detachNewThread {
                work()
                done.signal()
            }
        }

        func wait() { done.wait() }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(Foundation.pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    @Test func `a full disk loses lines, counts them and ends nothing`() throws {
        // Stays open, as a log's does: the writer goes on trying to tell what was lost.
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        let writer = LineWriter(full) { lost, reason in "\(lost) \(reason)\n" }
        for _ in 0..<10 { writer.write("line\n") }
        writer.flush(stall: .seconds(10), within: .seconds(20))
        #expect(writer.dropped == 10)
        let failure = #expect(throws: Descriptor.WriteFailure.self) { try Descriptor.write([1], to: full) }
        #expect(failure?.sentence == "no space left on device")
    }

    @Test func `a reader that is gone is an error and not the end`() throws {
        let (read, write) = try Self.pipe()
        #expect(!Descriptor.isReaderGone(write))
        close(read)
        #expect(Descriptor.isReaderGone(write))
        let writer = LineWriter(write) { _, _ in "" }
        writer.write("line\n")
        writer.flush(stall: .seconds(10), within: .seconds(20))
        #expect(writer.dropped == 1)
        let failure = #expect(throws: Descriptor.WriteFailure.self) { try Descriptor.write([1], to: write) }
        #expect(failure?.isReaderGone == true)
    }

    @Test func `a reader that stands still holds up nobody, and is told what it missed`() throws {
        let (read, write) = try Self.pipe()
        defer { close(read) }
        var limits = LineBacklog.Limits()
        limits.lines = 100
        let writer = LineWriter(write, limits: limits) { lost, _ in "lost \(lost)\n" }
        let began = SteadyInstant.now
        let text = String(repeating: "x", count: 1000) + "\n"
        // The pipe is full before the first line is lost, so that all losses are one gap.
        for _ in 0..<80 { writer.write(text) }
        writer.flush(stall: .milliseconds(200))
        for _ in 0..<920 { writer.write(text) }
        #expect(SteadyInstant.now.since(began) < .seconds(5), "nobody waits for the reader")
        let lost = writer.dropped
        #expect(lost > 700)
        writer.flush(stall: .milliseconds(50))
        // The reader wakes up.
        let bytes = Locked<[UInt8]>([])
        let reader = Beside {
            var piece = [UInt8](repeating: 0, count: 65_536)
            while case let count = Foundation.read(read, &piece, piece.count), count > 0 {
                bytes.withLock { $0 += piece[..<count] }
            }
        }
        writer.flush(stall: .seconds(10), within: .seconds(20))
        writer.write("end\n")
        writer.flush(stall: .seconds(10), within: .seconds(20))
        close(write)
        reader.wait()
        let lines = String(decoding: bytes.withLock(\.self), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 1000 - lost + 2)
        #expect(lines.suffix(2).first == "lost \(lost)" && lines.last == "end")
    }

    @Test func `a descriptor that does not block is waited for`() throws {
        let (read, write) = try Self.pipe()
        defer { close(read) }
        #expect(fcntl(write, F_SETFL, fcntl(write, F_GETFL) | O_NONBLOCK) == 0)
        let sent = [UInt8](repeating: 7, count: 1 << 20)
        let failure = Locked<Descriptor.WriteFailure?>(nil)
        let writing = Beside {
            do throws(Descriptor.WriteFailure) { try Descriptor.write(sent, to: write) } catch {
                failure.withLock { $0 = error }
            }
            close(write)
        }
        let got = try Descriptor.readAll(read, atMost: 2 << 20)
        writing.wait()
        #expect(failure.withLock(\.self) == nil)
        #expect(got == sent)
    }

    @Test func `reading says why it cannot`() throws {
        let folder = #expect(throws: InputFile.Failure.self) { try InputFile.bytes("/") }
        #expect(folder?.cause == SystemError(EISDIR))
        let missing = #expect(throws: InputFile.Failure.self) { try InputFile.bytes("/no/such") }
        #expect(missing?.sentence == "cannot read /no/such: no such file")
        let endless = #expect(throws: InputFile.Failure.self) { try InputFile.bytes("/dev/zero", atMost: 1000) }
        #expect(endless?.cause == SystemError(EFBIG))
    }

    @Test func `a folder is made, and proven to take files`() throws {
        let place = NSTemporaryDirectory() + "/easel-folder-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: place) }
        try OutputFile.prepareFolder(place + "/a//b/")
        #expect(try FileManager.default.contentsOfDirectory(atPath: place + "/a/b").isEmpty)
        try OutputFile.write(Array("x".utf8), to: place + "/file", existing: .stays)
        let taken = #expect(throws: OutputFile.Failure.self) {
            try OutputFile.write([UInt8](), to: place + "/file", existing: .stays)
        }
        #expect(taken?.cause == SystemError(EEXIST))
        let below = #expect(throws: OutputFile.Failure.self) { try OutputFile.prepareFolder(place + "/file/below") }
        #expect(below?.cause == SystemError(ENOTDIR))
        #expect(throws: OutputFile.Failure.self) { try OutputFile.prepareFolder("/proc/easel") }
    }

    @Test func `closed standard descriptors are taken, so that no socket becomes one`() async {
        await #expect(processExitsWith: .success) {
            for descriptor in [0, 2] as [Int32] { close(descriptor) }
            Descriptor.occupyStandard()
            var ends: [Int32] = [0, 0]
            guard Foundation.pipe(&ends) == 0, ends[0] > 2, ends[1] > 2 else { _exit(1) }
            guard (try? Descriptor.write([1], to: 2)) == nil, (try? Descriptor.readAll(0, atMost: 1)) == nil else {
                _exit(2)
            }
            _exit(0)
        }
    }
}

@Suite("Words for people")
struct SentenceTests {
    @Test func `errors of the system and of Foundation become clauses without their forms`() {
        let posix = NSError(domain: NSPOSIXErrorDomain, code: Int(ENOSPC))
        #expect(sentence(for: posix) == "no space left on device")
        let cocoa = NSError(domain: NSCocoaErrorDomain, code: 513, userInfo: [NSFilePathErrorKey: "/etc/x"])
        #expect(sentence(for: cocoa) == "/etc/x: permission denied")
        let nested = NSError(domain: NSCocoaErrorDomain, code: 4, userInfo: [NSUnderlyingErrorKey: posix])
        #expect(sentence(for: nested) == "no space left on device")
        #expect(sentence(for: CancellationError()) == "it was interrupted")
        #expect(sentence(for: SystemError(EACCES)) == "permission denied")
    }

    @Test func `what Foundation throws for real is understood`() {
        for (path, words) in [("/no/such/folder", "no such file"), ("/proc/easel/x", "file")] {
            do {
                try FileManager.default.createDirectory(atPath: path + "/x", withIntermediateDirectories: false)
            } catch {
                let text = sentence(for: error)
                #expect(text.contains(words) && !text.contains("Domain") && !text.contains("Code="), "\(text)")
            }
        }
    }

    private struct Inner: Error { let secret = "hunter2" }

    @Test func `an error that nobody thought of shows its kind and no value`() {
        #expect(sentence(for: Inner()) == "an unexpected error of the kind Inner")
        let broken = #expect(throws: (any Error).self) {
            try JSONDecoder().decode([String: [Int]].self, from: Data(#"{"a":["hunter2"]}"#.utf8))
        }
        let text = broken.map { sentence(for: $0) } ?? ""
        #expect(text.hasPrefix("a document has another form than expected at a") && !text.contains("hunter2"))
    }
}

@Suite("Text that is fit for a terminal")
struct PrintableTests {
    @Test(arguments: [
        ("plain", "plain"), ("Füße 猫 👩‍👩‍👧 e\u{301}", "Füße 猫 👩‍👩‍👧 e\u{301}"),
        ("\u{1B}[31mred\u{1B}]0;title\u{7}", #"\u001b[31mred\u001b]0;title\u0007"#),
        ("\u{9B}31m\u{85}\u{7F}", #"\u009b31m\u0085\u007f"#),
        ("a\u{202E}b\u{2066}c\u{200F}", #"a\u202eb\u2066c\u200f"#),
        ("\u{200B}\u{FEFF}\u{E0041}", #"\u200b\ufeff\udb40\udc41"#), ("over\rpaint", #"over\rpaint"#),
    ])
    func `what steers is shown`(text: String, shown: String) {
        #expect(Printable.text(text) == shown)
        #expect(Printable.line(text) == shown)
    }

    @Test func `line breaks stay in a text and not in a line`() {
        #expect(Printable.text("a\nb\tc\r\nd") == "a\nb\tc\r\nd")
        #expect(Printable.line("a\nb\tc\r\nd") == #"a\nb\tc\r\nd"#)
    }

    @Test func `a document that takes this way keeps its meaning`() throws {
        for seed in UInt64(0x9A1E_0000)..<0x9A1E_0000 + 200 {
            var random = SeededRandom(seed: seed)
            var text = ""
            for _ in 0..<40 {
                let most: UInt32 = Bool.random(using: &random) ? 0x2100 : 0x10FFFF
                UnicodeScalar(UInt32.random(in: 0...most, using: &random)).map { text.unicodeScalars.append($0) }
            }
            var literal = ""
            literal.appendJSONString(text)
            let shown = Printable.text("[\(literal)]")
            #expect(!shown.unicodeScalars.contains { $0 != "\n" && $0 != "\t" && Printable.isUnsafe($0) })
            let back = try JSON.decode([String].self, from: Array(shown.utf8)).first
            #expect(back.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars), "seed \(seed)")
        }
    }
}
