import EaselBase
import EaselCore
import Foundation

/// Reads the cells of a row from left to right. A cell of another type than the one asked for is a mistake in a
/// statement of ours and comes out as an error, not as a crash.
struct RowReader {
    private let cells: [SQLValue]
    private var index = 0

    init(_ cells: [SQLValue]) {
        self.cells = cells
    }

    private mutating func next() throws(PostgresError) -> SQLValue {
        guard index < cells.count else { throw PostgresError(.unexpected, message: "a row has too few columns") }
        defer { index += 1 }
        return cells[index]
    }

    private func mismatch(_ wanted: StaticString) -> PostgresError {
        PostgresError(.unexpected, message: "column \(index) of a row is no \(wanted)")
    }

    private func present<Value>(_ value: Value?, _ wanted: StaticString) throws(PostgresError) -> Value {
        guard let value else { throw mismatch(wanted) }
        return value
    }

    mutating func optionalInt64() throws(PostgresError) -> Int64? {
        guard case .int(let value) = try next() else { throw mismatch("integer") }
        return value
    }
    mutating func int64() throws(PostgresError) -> Int64 { try present(try optionalInt64(), "integer") }
    mutating func optionalInt() throws(PostgresError) -> Int? { try optionalInt64().map { Int($0) } }
    mutating func int() throws(PostgresError) -> Int { Int(try int64()) }

    mutating func optionalMoney() throws(PostgresError) -> Money? {
        try optionalInt64().map { Money(nanodollars: $0) }
    }
    /// An amount and its basis, which stand beside each other.
    mutating func cost() throws(PostgresError) -> Cost.Recorded {
        Cost.Recorded(try optionalMoney(), try optionalWord(CostBasis.self))
    }
    mutating func money() throws(PostgresError) -> Money { Money(nanodollars: try int64()) }

    mutating func optionalDouble() throws(PostgresError) -> Double? {
        guard case .double(let value) = try next() else { throw mismatch("double") }
        return value
    }

    mutating func optionalBool() throws(PostgresError) -> Bool? {
        guard case .bool(let value) = try next() else { throw mismatch("boolean") }
        return value
    }
    mutating func bool() throws(PostgresError) -> Bool { try present(try optionalBool(), "boolean") }

    mutating func optionalText() throws(PostgresError) -> String? {
        guard case .text(let value) = try next() else { throw mismatch("text") }
        return value
    }
    mutating func text() throws(PostgresError) -> String { try present(try optionalText(), "text") }

    mutating func optionalUUID() throws(PostgresError) -> UUID? {
        guard case .uuid(let value) = try next() else { throw mismatch("uuid") }
        return value
    }
    mutating func uuid() throws(PostgresError) -> UUID { try present(try optionalUUID(), "uuid") }

    mutating func optionalTime() throws(PostgresError) -> Timestamp? {
        guard case .time(let value) = try next() else { throw mismatch("time") }
        return value
    }
    mutating func time() throws(PostgresError) -> Timestamp { try present(try optionalTime(), "time") }

    mutating func optionalBytes() throws(PostgresError) -> [UInt8]? {
        guard case .bytes(let value) = try next() else { throw mismatch("byte string") }
        return value
    }

    /// A jsonb column as the text that PostgreSQL makes of it.
    mutating func optionalJSONText() throws(PostgresError) -> String? {
        guard case .json(let text) = try next() else { throw mismatch("JSON document") }
        return text
    }

    /// A jsonb column, decoded.
    mutating func optionalJSON<Value: Decodable>(_ type: Value.Type) throws(PostgresError) -> Value? {
        guard case .json(let text) = try next() else { throw mismatch("JSON document") }
        guard let text else { return nil }
        do { return try JSON.decode(type, from: Array(text.utf8)) } catch { throw mismatch("known JSON document") }
    }

    /// A word of one of our enumerations.
    mutating func optionalWord<Word: RawRepresentable<String>>(_ type: Word.Type) throws(PostgresError) -> Word? {
        guard let text = try optionalText() else { return nil }
        guard let word = Word(rawValue: text) else {
            // Words of ours are letters, digits and a few marks; what else stands there is not repeated.
            let isPlain = text.utf8.allSatisfy { (33...126).contains($0) && $0 != 34 && $0 != 92 }
            let name = isPlain ? "\"\(text.prefix(64))\"" : "a text"
            throw PostgresError(
                .unexpected,
                message: "column \(index) holds \(name), which this version does not know"
            )
        }
        return word
    }
    mutating func word<Word: RawRepresentable<String>>(_ type: Word.Type) throws(PostgresError) -> Word {
        try present(try optionalWord(type), "known word")
    }
}
