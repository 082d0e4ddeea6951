package import EaselBase
package import EaselCore
import Foundation

/// What a journal set aside: writes that the database refused (`.refused`) and bytes that are no records (`.damaged`). Each
/// is money or images that stand in no report, so they are shown until somebody has looked at them.
///
/// Reads the directory without the journal's lock: a gateway may be running. A file that is worked on is renamed first, so
/// that what the gateway adds meanwhile goes into a new one.
package struct JournalAsides: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case refused, damaged
    }

    /// One file.
    package struct File: Sendable, Hashable {
        /// Its name in the journal's directory.
        package let name: String
        package let kind: Kind
        package let bytes: Int
        package let changedAt: Timestamp
        /// Writes in it that can be read.
        package let records: Int
        /// What it counts for: its records, and one for bytes that are none.
        package let count: Int
    }

    /// One write, for a person.
    package struct Entry: Sendable, Hashable {
        /// `settlement`, `attempts` or `task`.
        package let kind: String
        package let teamID: Int64
        package let callID: String
        /// Why the database refused it; nil where that was not kept.
        package let reason: String?
        /// What the call or its attempts cost; nil when not known.
        package let cost: Money?
        package let status: String?
        package let settledAt: Timestamp?
    }

    /// What came of a retry.
    package struct Retry: Sendable, Hashable {
        /// Written as they were.
        package var written = 0
        /// Written after what did not fit was fitted.
        package var fitted = 0
        /// Refused again, with the reasons.
        package var refused: [String] = []

        package init() {}
    }

    private static let working = ".retrying"

    private let directory: String

    /// - Parameter directory: the journal's, inside of the data directory.
    package init(directory: String) {
        self.directory = directory
    }

    /// The journal's directory in a data directory.
    package static func directory(in dataDirectory: String) -> String { dataDirectory + "/journal" }

    // MARK: - Looking

    /// Every file, oldest first. What cannot be read counts as one.
    package func list() -> [File] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.compactMap(file).sorted { ($0.changedAt, $0.name) < ($1.changedAt, $1.name) }
    }

    private func file(_ name: String) -> File? {
        let base = name.hasSuffix(Self.working) ? String(name.dropLast(Self.working.count)) : name
        guard let kind = Kind.allCases.first(where: { base.hasSuffix(".\($0.rawValue)") }) else { return nil }
        var status = stat()
        guard stat(path(name), &status) == 0 else { return nil }
        let contents = read(name)
        let records = contents?.records.count ?? 0
        let rest = contents.map { $0.rest.isEmpty ? 0 : 1 } ?? 1
        return File(
            name: name,
            kind: kind,
            bytes: Int(status.st_size),
            changedAt: Timestamp(microseconds: Int64(status.st_mtim.tv_sec) * 1_000_000),
            records: records,
            count: records + rest
        )
    }

    /// The writes in a file; nil when there is no such file.
    package func entries(of name: String) -> [Entry]? {
        guard isName(name) else { return nil }
        return read(name)?.records.map(Self.entry)
    }

    private static func entry(_ record: JournalRecord) -> Entry {
        var (kind, status, cost, settledAt): (String, String?, Money?, Timestamp?) = ("task", nil, nil, nil)
        switch record.content {
        case .settlement(let settlement):
            (kind, status, cost) = ("settlement", settlement.status.rawValue, settlement.cost)
            settledAt = settlement.settledAt
        case .starts(_, let ended): (kind, cost) = ("attempts", Money.sum(ended.map(\.cost)))
        case .note: break
        }
        return Entry(
            kind: kind,
            teamID: record.teamID,
            callID: record.callID?.text ?? "",
            reason: record.refusal,
            cost: cost,
            status: status,
            settledAt: settledAt
        )
    }

    private func isName(_ name: String) -> Bool { !name.contains("/") && file(name) != nil }

    private func path(_ name: String) -> String { directory + "/" + name }

    /// The records of a file, also those among damaged bytes that a later version understands, and the bytes that are none.
    private func read(_ name: String) -> (records: [JournalRecord], rest: [UInt8])? {
        guard let data = FileManager.default.contents(atPath: path(name)) else { return nil }
        var (records, rest): ([JournalRecord], [UInt8]) = ([], [])
        let contents = JournalFrames.decode(Array(data))
        for bytes in contents.records {
            if let record = try? JSON.decode(JournalRecord.self, from: Array(bytes), isOurOwn: true) {
                records.append(record)
            } else {
                rest += JournalFrames.encode(Array(bytes))
            }
        }
        for bytes in contents.damaged {
            // A record that was set aside without its frame.
            if let record = try? JSON.decode(JournalRecord.self, from: Array(bytes), isOurOwn: true) {
                records.append(record)
            } else {
                rest += bytes
            }
        }
        return (records, rest)
    }

    // MARK: - Trying again

    /// Gives the writes of a file to the database again: as they are, and where it refuses one, with what does not fit its
    /// columns fitted. What it takes is removed from the file; nothing else is.
    ///
    /// Throws `.unavailable` when the database or the file is away; then the file is as it was, but for its name.
    package func retry(_ name: String, on ledger: any CallLedger & LedgerHealth) async throws(LedgerError) -> Retry {
        guard isName(name) else { throw .notFound("there is no file \(name) in the journal") }
        try await ledger.ping()
        var worked = name
        if !name.hasSuffix(Self.working) {
            worked = name + Self.working
            guard rename(path(name), path(worked)) == 0 else { throw .unavailable("\(name) cannot be renamed") }
        }
        guard let (records, rest) = read(worked) else { throw .unavailable("\(worked) cannot be read") }
        var result = Retry()
        var left: [JournalRecord] = []
        for record in records {
            do throws(LedgerError) {
                try await record.write(to: ledger)
                result.written += 1
                continue
            } catch {
                if case .unavailable = error { throw error }
            }
            do throws(LedgerError) {
                try await record.fitted.write(to: ledger)
                result.fitted += 1
            } catch {
                guard let reason = error.reason else { throw error }
                result.refused.append(reason)
                left.append(record.refused(for: reason))
            }
        }
        try keep(left, rest, of: worked)
        return result
    }

    /// Writes down what is left, then lets the file go.
    private func keep(_ left: [JournalRecord], _ rest: [UInt8], of worked: String) throws(LedgerError) {
        let frames = left.compactMap { try? JSON.encode($0) }.map(JournalFrames.encode)
        let bytes = Array(frames.joined()) + rest
        if !bytes.isEmpty {
            let name = String(worked.dropLast(Self.working.count))
            do throws(JournalFile.Failure) {
                try JournalFile(creating: path(name)).append(bytes)
            } catch {
                throw .unavailable("what is left of \(worked) cannot be recorded")
            }
        }
        unlink(path(worked))
        try? JournalFile.syncDirectory(of: path(worked))
    }

    /// Takes a file out of the count for good. It stays on the disk as `NAME.forgotten`, for whoever misses it.
    package func forget(_ name: String) throws(LedgerError) {
        guard isName(name) else { throw .notFound("there is no file \(name) in the journal") }
        guard rename(path(name), path(name + ".forgotten")) == 0 else {
            throw .unavailable("\(name) cannot be renamed")
        }
        try? JournalFile.syncDirectory(of: path(name))
    }
}

extension JournalRecord {
    /// Writes it, as when it was first tried.
    func write(to base: any CallLedger) async throws(LedgerError) {
        switch content {
        case .settlement(let settlement): try await base.settle(settlement)
        case .starts(let starts, let ended):
            _ = try await base.startAttempts(starts, ended: ended, hold: nil)
            if let start = starts.first ?? ended.first?.start { try await Self.refigure(start, base) }
        case .note(let start, let id):
            try await base.noteProviderTask(start, providerTaskID: id)
            try await Self.refigure(start, base)
        }
    }

    /// Recovery may have settled the call while the record waited: then the attempt that came to light counts from now on.
    /// Without effect on a call in progress.
    private static func refigure(_ start: AttemptStart, _ base: any CallLedger) async throws(LedgerError) {
        guard let receivedAt = UUIDv7.moment(of: start.callID) else { return }
        try await base.resolve(
            LateResolution(
                key: CallKey(teamID: start.teamID, receivedAt: receivedAt, callID: start.callID),
                resolvedAt: TimeSource.system.now,
                ends: []
            )
        )
    }

    /// The same with everything that came from outside fitted to its column.
    var fitted: JournalRecord {
        switch content {
        case .settlement(let settlement): JournalRecord(.settlement(settlement.fitted()))
        case .starts(let starts, let ended): JournalRecord(.starts(starts, ended: ended.map { $0.fitted() }))
        case .note(let start, let id):
            JournalRecord(.note(start, providerTaskID: ForeignText.line(id, most: ForeignText.nameBytes)))
        }
    }

    func refused(for reason: String) -> JournalRecord {
        var record = self
        record.refusal = reason
        return record
    }
}

extension LedgerError {
    /// Why the database will never take a write; nil when it is only away.
    var reason: String? {
        switch self {
        case .unavailable: nil
        case .conflict(let reason), .notFound(let reason), .rejected(let reason): reason
        }
    }
}
