import EaselBase

/// One numbered step of the schema, forward only.
struct Migration: Sendable {
    let version: Int64
    /// The file's name without `.sql`.
    let name: String
    let sql: String

    /// SHA-256 of the text, kept in `schema_migrations`: a file that was applied must not change.
    var checksum: [UInt8] { Crypto.sha256(Array(sql.utf8)) }
}
