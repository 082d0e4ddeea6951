/// How much a cursor is asked for. While one piece is read here, the server makes the next.
struct CursorPieces {
    /// Two of the first pieces hold all that most reports have.
    private(set) var rows = 64
    private(set) var perRoundTrip = 2
    private var seen = (bytes: 0, rows: 0)

    /// What is more than 128 KiB the allocators, here and in the server, hand back to the system after each piece, and
    /// get again page by page.
    private static let bytes = 96 << 10

    mutating func note(_ result: borrowing PostgresResult) {
        seen.bytes += result.memoryBytes
        seen.rows += result.rowCount
    }

    /// For the round trips after the first.
    mutating func adapt() {
        rows = min(max(16, Self.bytes * seen.rows / max(1, seen.bytes)), 1024)
        perRoundTrip = 24
    }
}
