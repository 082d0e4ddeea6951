import CPostgres
import EaselBase
import Foundation

/// A `PGresult`, freed once on every path. Not `Sendable`: it stays on its connection's thread, values leave it.
struct PostgresResult: ~Copyable {
    private let raw: OpaquePointer

    init(owning raw: OpaquePointer) {
        self.raw = raw
    }

    deinit { PQclear(raw) }

    var status: ExecStatusType { PQresultStatus(raw) }

    var tag: String { String(cString: PQcmdStatus(raw)) }

    /// All rows as values. The result must have been asked for in binary.
    var result: SQLResult {
        let columns = PQnfields(raw)
        let types = (0..<columns).map { PostgresType(rawValue: PQftype(raw, $0)) }
        var rows: [[SQLValue]] = []
        rows.reserveCapacity(Int(PQntuples(raw)))
        for row in 0..<PQntuples(raw) {
            rows.append((0..<columns).map { cell(row, $0, types[Int($0)]) })
        }
        return SQLResult(rows: rows, affected: Int(String(cString: PQcmdTuples(raw))) ?? 0, tag: tag)
    }

    var rowCount: Int { Int(PQntuples(raw)) }

    /// What libpq allocated for it.
    var memoryBytes: Int { Int(PQresultMemorySize(raw)) }

    /// Whether its columns have these names and types, one after the other.
    func hasColumns(_ columns: [(name: String, type: PostgresType)]) -> Bool {
        guard PQnfields(raw) == columns.count else { return false }
        return columns.indices.allSatisfy { index in
            let (name, type) = columns[index]
            guard PQftype(raw, Int32(index)) == type.rawValue, let found = PQfname(raw, Int32(index)) else {
                return false
            }
            return name.withCString { strcmp($0, found) == 0 }
        }
    }

    /// The rows as they lie in libpq's memory, for results that are too large for a copy of every cell.
    func forEachRow(_ body: (inout ResultRow) -> Void) {
        for index in 0..<PQntuples(raw) {
            var row = ResultRow(raw: raw, index: index)
            body(&row)
        }
    }

    private func cell(_ row: Int32, _ column: Int32, _ type: PostgresType?) -> SQLValue {
        let isNull = PQgetisnull(raw, row, column) == 1
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(raw, row, column),
            count: isNull ? 0 : Int(PQgetlength(raw, row, column))
        )
        func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
            bytes.count == MemoryLayout<Number>.size ? Number(bigEndian: bytes.loadUnaligned(as: Number.self)) : 0
        }
        switch type {
        case .int8: return .int(isNull ? nil : number(Int64.self))
        case .int4: return .int(isNull ? nil : Int64(number(Int32.self)))
        case .int2: return .int(isNull ? nil : Int64(number(Int16.self)))
        case .float8: return .double(isNull ? nil : Double(bitPattern: number(UInt64.self)))
        case .bool: return .bool(isNull ? nil : bytes.first == 1)
        case .text, .varchar, .name: return .text(isNull ? nil : String(decoding: bytes, as: UTF8.self))
        case .timestamptz:
            return .time(
                isNull
                    ? nil
                    : Timestamp(microseconds: number(Int64.self).addingSaturating(PostgresType.epochMicroseconds))
            )
        case .uuid:
            return .uuid(isNull || bytes.count != 16 ? nil : UUID(uuid: bytes.loadUnaligned(as: uuid_t.self)))
        case .bytea: return .bytes(isNull ? nil : Array(bytes))
        case .jsonb: return .json(isNull ? nil : String(decoding: bytes.dropFirst(), as: UTF8.self))
        case .textArray, .uuidArray, nil: return .other
        }
    }

    /// The server's words about a failure.
    func error(commandIndex: Int?) -> PostgresError {
        // The fields are named by letters (PG_DIAG_SQLSTATE is 'C'), which Swift does not import.
        func field(_ letter: UInt8) -> String? {
            PQresultErrorField(raw, Int32(letter)).map { String(cString: $0) }
        }
        return PostgresError(
            .server,
            sqlState: field(UInt8(ascii: "C")),
            message: field(UInt8(ascii: "M")) ?? String(cString: PQresultErrorMessage(raw)),
            detail: field(UInt8(ascii: "D")),
            table: field(UInt8(ascii: "t")),
            constraint: field(UInt8(ascii: "n")),
            commandIndex: commandIndex
        )
    }
}

/// The cells of one row from the left to the right. Whoever reads them knows their types (`hasColumns`); it lives as long as
/// the body of `forEachRow`.
struct ResultRow: ~Copyable {
    private let raw: OpaquePointer
    private let index: Int32
    private var column: Int32 = 0

    fileprivate init(raw: OpaquePointer, index: Int32) {
        self.raw = raw
        self.index = index
    }

    /// A text or a byte string; nil is NULL. Valid as long as the row.
    mutating func bytes() -> UnsafeRawBufferPointer? {
        defer { column += 1 }
        guard PQgetisnull(raw, index, column) == 0 else { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(raw, index, column),
            count: Int(PQgetlength(raw, index, column))
        )
    }

    /// A bigint; NULL is zero, as sums of nothing are.
    mutating func sum() -> Int64 {
        guard let bytes = bytes(), bytes.count == MemoryLayout<Int64>.size else { return 0 }
        return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    }

    /// Adds the next bigints to these. One call for a row, not one for each figure: rows come by the hundred thousand.
    mutating func add(to sums: inout [Int64]) {
        for index in sums.indices { sums[index] = sums[index].addingSaturating(sum()) }
    }
}
