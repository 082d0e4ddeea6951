/// How the local journal of a gateway stands: what waits for the database, and whether more can be kept (L2, L6).
package struct JournalStanding: Sendable, Hashable {
    /// A journal file that cannot be read. It stays where it is and is tried again with every replay.
    package struct UnreadableFile: Sendable, Hashable {
        package let path: String
        /// A sentence for operators.
        package let cause: String

        package init(path: String, cause: String) {
            self.path = path
            self.cause = cause
        }
    }

    /// Writes that wait, on the disk and in memory.
    package var pending = 0
    /// Those of them that the disk did not take. They last as long as the process.
    package var inMemory = 0
    /// Why the disk takes no writes; nil when it does, as far as is known.
    package var fault: String?
    package var unreadable: [UnreadableFile] = []
    /// Writes that a person has to look at, by kind: `refused` by the database, `damaged` in a file.
    package var setAside: [String: Int] = [:]

    package init() {}
}
