/// The files of a journal, as a value: which one is written to, which wait for the database, what of them is done, and when
/// one may go. What is written to disk and removed from it is somebody else's business.
struct JournalFiles: Sendable {
    /// A full file is followed by a new one.
    static let limit = 8 << 20

    private struct Open {
        let number: Int
        var records = 0
        var bytes = 0
    }

    /// What the next file will be called.
    private(set) var nextNumber: Int
    private var open: Open?
    /// Closed files by number, with the count of their records that are not done.
    private var sealed: [Int: Int]
    /// Indexes of records that are done, of files that are not.
    private var done: [Int: Set<Int>] = [:]
    /// Files that could not be read when it was last tried, and why.
    private(set) var unreadable: [Int: String]

    /// What an earlier run left: how many records each file has, or why it cannot be read.
    init(counts: [Int: Int], unreadable: [Int: String]) {
        sealed = counts
        self.unreadable = unreadable
        nextNumber = (Array(counts.keys) + Array(unreadable.keys)).max().map { $0 + 1 } ?? 1
    }

    /// Records that wait in files that could be read.
    var pending: Int { (open?.records ?? 0) + sealed.values.reduce(0, +) }

    /// The closed files, in the order in which they were written.
    var numbers: [Int] { Set(sealed.keys).union(unreadable.keys).sorted() }

    /// Whether anything was written to files from this number on.
    func hasRecords(from number: Int) -> Bool {
        sealed.keys.contains { $0 >= number } || open.map { $0.number >= number && $0.records > 0 } ?? false
    }

    // MARK: Writing

    /// Whether the file that is written to is to be closed.
    var isFull: Bool { (open?.bytes ?? 0) >= Self.limit }

    /// The file `nextNumber` was made, and is written to.
    mutating func opened() {
        open = Open(number: nextNumber)
        nextNumber += 1
    }

    /// The disk has these.
    mutating func wrote(records: Int, bytes: Int) {
        open?.records += records
        open?.bytes += bytes
    }

    /// The file that is written to is closed, so that it can be read. The number of one to remove: nothing in it was
    /// acknowledged, so nothing in it is missed.
    mutating func seal() -> Int? {
        guard let closed = open else { return nil }
        open = nil
        guard closed.records > 0 else { return closed.number }
        sealed[closed.number] = closed.records
        return nil
    }

    // MARK: Replaying

    func doneRecords(of number: Int) -> Set<Int> { done[number] ?? [] }

    /// A file was read, or could not be: `cause`. True when that is news.
    mutating func note(_ number: Int, unreadable cause: String?) -> Bool {
        defer { unreadable[number] = cause }
        return unreadable[number] != cause
    }

    /// What is done by now of a file with so many records. True when that is everything, and the file is to be removed.
    mutating func finish(_ number: Int, count: Int, done ended: Set<Int>) -> Bool {
        if ended.count == count {
            sealed[number] = nil
            done[number] = nil
            return true
        }
        sealed[number] = count - ended.count
        done[number] = ended
        return false
    }
}
