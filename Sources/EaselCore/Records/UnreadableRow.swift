/// A row of the database that this program cannot read: a later version wrote a word that this one does not know, or
/// somebody changed it by hand. It is set aside, named and shown; what it is about waits for a program that can.
package struct UnreadableRow: Sendable, Hashable {
    /// What was being read: `calls left behind`, `alert states`.
    package let reader: String
    /// The row's own id, as well as it can be told.
    package let id: String
    /// What is wrong with it.
    package let reason: String

    package init(reader: String, id: String, reason: String) {
        self.reader = reader
        self.id = id
        self.reason = reason
    }
}
