import EaselBase
import Foundation

/// A parameter of a statement, or a cell of a result, with its type even where it is NULL: a statement is prepared once
/// for its text, so the types of its parameters must not change from one use to the next.
enum SQLValue: Sendable, Hashable {
    case int(Int64?)
    case double(Double?)
    case bool(Bool?)
    case text(String?)
    case uuid(UUID?)
    case time(Timestamp?)
    case bytes([UInt8]?)
    /// A JSON document as text.
    case json(String?)
    case uuids([UUID])
    case texts([String])
    /// A cell of a type that this program does not read.
    case other

    /// A count or an amount as bigint.
    static func int(_ value: Int?) -> SQLValue { .int(value.map(Int64.init)) }
    /// Nanodollars; NULL when the amount is not known (M1).
    static func money(_ amount: Money?) -> SQLValue { .int(amount?.nanodollars) }
    /// Milliseconds with their decimals.
    static func milliseconds(_ duration: Duration?) -> SQLValue {
        .double(duration.map { Double($0.nanoseconds) / 1_000_000 })
    }
}

extension SQLValue {
    /// A value as jsonb. What cannot be encoded (a number beyond JSON) becomes an object that says so: a settlement
    /// must not fail over a curiosity of a provider.
    static func json(encoding value: (some Encodable)?) -> SQLValue {
        guard let value else { return .json(nil) }
        guard let bytes = try? JSON.encode(value) else { return .json("{\"unreadable\":true}") }
        return .json(String(decoding: withoutNUL(bytes), as: UTF8.self))
    }

    /// A value that writes itself, as jsonb.
    static func json(writing value: some JSONWritable) -> SQLValue {
        .json(String(decoding: withoutNUL(JSONText.bytes(of: value)), as: UTF8.self))
    }

    /// jsonb refuses the escape of U+0000, so it is left out.
    private static func withoutNUL(_ bytes: [UInt8]) -> [UInt8] {
        let escape = Array(#"\u0000"#.utf8)
        var kept: [UInt8] = []
        var index = 0
        var copiedUpTo = 0
        while let backslash = bytes[index...].firstIndex(of: escape[0]) {
            if bytes[backslash...].starts(with: escape) {
                kept += bytes[copiedUpTo..<backslash]
                index = backslash + escape.count
                copiedUpTo = index
            } else {
                index = min(backslash + 2, bytes.count)
            }
        }
        return copiedUpTo == 0 ? bytes : kept + bytes[copiedUpTo...]
    }
}

/// One statement with its parameters.
struct SQLCommand: Sendable {
    let sql: String
    let parameters: [SQLValue]
    /// Whether the connection keeps it prepared. False for text that is put together from a caller's wishes.
    let isPrepared: Bool

    init(_ sql: String, _ parameters: [SQLValue] = [], isPrepared: Bool = true) {
        self.sql = sql
        self.parameters = parameters
        self.isPrepared = isPrepared
    }
}

/// What one statement gave.
struct SQLResult: Sendable {
    var rows: [[SQLValue]] = []
    /// Rows that were written.
    var affected = 0
    /// `INSERT 0 1`, `COMMIT`.
    var tag = ""
}
