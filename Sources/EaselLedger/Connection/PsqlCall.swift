package import EaselCore

/// How `psql` is called for a connection string: what is secret goes into its environment, which only its user may read,
/// and never among its arguments, which every user of the machine sees (S2).
package struct PsqlCall: Sendable, Hashable {
    package let arguments: [String]
    /// To be added to the environment.
    package let environment: [String: String]

    /// - Throws: `.unavailable` where libpq does not understand the string; the error does not quote it.
    package init(connectionString: String) throws(LedgerError) {
        let values: [String: String]
        do throws(PostgresError) {
            values = try PostgresConnection.values(in: connectionString)
        } catch {
            throw error.ledgerError
        }
        // There is no variable for the password of a key's file: psql asks for it.
        let shown = values.filter { !$0.key.contains("password") }.sorted { $0.key < $1.key }
        arguments = [shown.map { "\($0.key)=\(Self.quoted($0.value))" }.joined(separator: " ")]
        environment = values["password"].map { ["PGPASSWORD": $0] } ?? [:]
    }

    /// A value of a connection string of names and values (libpq 34.1.1.1).
    private static func quoted(_ value: String) -> String {
        "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}
