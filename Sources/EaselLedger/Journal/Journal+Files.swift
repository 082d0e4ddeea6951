import EaselBase
import EaselCore
import Foundation

// MARK: - The files of a journal

extension Journal {
    struct Opened {
        let lock: FileLock
        let counts: [Int: Int]
        let unreadable: [Int: String]
    }

    /// Reads what the last run left. A file that cannot be read stays where it is and stops nobody (L6).
    static func open(_ directory: String, _ log: Log, _ fault: DiskFault?) throws(LedgerError) -> Opened {
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw .unavailable("the journal's directory \(directory) cannot be made: \(reason(error))")
        }
        guard let lock = FileLock(path: directory + "/lock") else {
            throw .unavailable("another program has the journal \(directory) open, or its lock cannot be written")
        }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: directory) } catch {
            throw .unavailable("the journal's directory \(directory) cannot be read: \(reason(error))")
        }
        var counts: [Int: Int] = [:]
        var unreadable: [Int: String] = [:]
        for name in names.sorted() where name.hasSuffix(".journal") {
            guard let number = Int(name.dropLast(8)) else { continue }
            do throws(JournalFile.Failure) {
                let records = try read(number, directory, log, fault)
                if records.isEmpty { unlink(path(number, directory)) } else { counts[number] = records.count }
            } catch {
                unreadable[number] = error.sentence
                tell(unreadable: error, number, directory, log)
            }
        }
        return Opened(lock: lock, counts: counts, unreadable: unreadable)
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        guard let underlying, underlying.domain == NSPOSIXErrorDomain else { return "input or output failed" }
        return String(cString: strerror(Int32(underlying.code)))
    }

    static func path(_ number: Int, _ directory: String, _ kind: String = "journal") -> String {
        var digits = ""
        digits.appendPadded(number, width: 10)
        return "\(directory)/\(digits).\(kind)"
    }

    static func tell(unreadable failure: JournalFile.Failure, _ number: Int, _ directory: String, _ log: Log) {
        log.error(
            "a journal file cannot be read; it stays where it is, and the others are replayed",
            ["file": path(number, directory), "error": failure.sentence]
        )
    }

    /// The whole records of a file. What is damaged is copied to a file of its own, durably, before anything else is
    /// done.
    static func read(
        _ number: Int,
        _ directory: String,
        _ log: Log,
        _ fault: DiskFault?
    ) throws(JournalFile.Failure) -> [JournalRecord] {
        var contents = JournalFrames.decode(try JournalFile.contents(of: path(number, directory), fault: fault))
        var records: [JournalRecord] = []
        for bytes in contents.records {
            if let record = try? JSON.decode(JournalRecord.self, from: Array(bytes), isOurOwn: true) {
                records.append(record)
            } else {
                contents.damaged.append(bytes)
            }
        }
        if !contents.damaged.isEmpty {
            let aside = Self.path(number, directory, "damaged")
            log.error(
                "a journal file is damaged; what cannot be read was set aside",
                ["file": aside, "bytes": String(contents.damaged.map(\.count).reduce(0, +))]
            )
            unlink(aside)  // of an earlier reading of the same file
            try JournalFile(creating: aside, fault: fault).append(Array(contents.damaged.joined()))
        }
        return records
    }

    /// Keeps what the database refused, for a person to look at.
    static func write(
        aside refused: [(record: JournalRecord, reason: String)],
        to path: String,
        _ fault: DiskFault?
    ) throws(JournalFile.Failure) {
        let frames = refused.compactMap {
            (try? JSON.encode($0.record.refused(for: $0.reason))).map(JournalFrames.encode)
        }
        try JournalFile(creating: path, fault: fault).append(Array(frames.joined()))
    }
}
