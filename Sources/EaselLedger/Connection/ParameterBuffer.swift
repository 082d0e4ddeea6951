import CPostgres
import EaselBase
import Foundation

/// The parameters of one statement in PostgreSQL's binary format, laid out for libpq.
///
/// Texts lose U+0000, which PostgreSQL cannot hold: a provider that puts one into an error code must not make a
/// settlement impossible to write.
struct ParameterBuffer {
    private var storage: [UInt8] = []
    private var offsets: [Int?] = []
    private(set) var types: [Oid] = []
    private var lengths: [Int32] = []

    init(_ values: [SQLValue]) {
        for value in values { append(value) }
    }

    var count: Int32 { Int32(types.count) }

    private mutating func append(_ value: SQLValue) {
        switch value {
        case .int(let number):
            add(.int8, number) { $0.appendBigEndian($1) }
        case .double(let number):
            add(.float8, number) { $0.appendBigEndian(Int64(bitPattern: $1.bitPattern)) }
        case .bool(let flag):
            add(.bool, flag) { $0.append($1 ? 1 : 0) }
        case .text(let text):
            add(.text, text) { $0.appendText($1) }
        case .uuid(let id):
            add(.uuid, id) { $0.appendUUID($1) }
        case .time(let moment):
            add(.timestamptz, moment) { $0.appendBigEndian($1.microseconds - PostgresType.epochMicroseconds) }
        case .bytes(let bytes):
            add(.bytea, bytes) { $0.append(contentsOf: $1) }
        case .json(let text):
            // The one is the version of the binary form of jsonb.
            add(.jsonb, text) { buffer, text in
                buffer.append(1)
                buffer.append(contentsOf: text.utf8)
            }
        case .uuids(let ids):
            add(.uuidArray, ids) { $0.appendArray(of: .uuid, $1) { $0.appendUUID($1) } }
        case .texts(let texts):
            add(.textArray, texts) { $0.appendArray(of: .text, $1) { $0.appendText($1) } }
        case .other:
            add(.text, String?.none) { $0.appendText($1) }
        }
    }

    private mutating func add<Value>(_ type: PostgresType, _ value: Value?, _ write: (inout [UInt8], Value) -> Void) {
        types.append(type.rawValue)
        guard let value else {
            offsets.append(nil)
            lengths.append(0)
            return
        }
        let start = storage.count
        write(&storage, value)
        offsets.append(start)
        lengths.append(Int32(storage.count - start))
        // libpq tells NULL by a null pointer, so an empty value still needs an address inside the buffer.
        if storage.count == start { storage.append(0) }
    }

    /// Calls `body` with the arrays that `PQsendQueryPrepared` and `PQsendQueryParams` take; they live as long as it
    /// runs.
    func withPointers<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
    ) -> Result {
        storage.withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = offsets.map { offset in offset.flatMap { position in base.map { $0 + position } } }
            let formats = [Int32](repeating: 1, count: values.count)
            return values.withUnsafeBufferPointer { values in
                lengths.withUnsafeBufferPointer { lengths in
                    formats.withUnsafeBufferPointer { formats in
                        body(values.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}

/// The types that this program reads and writes, by their fixed number in `pg_type`.
enum PostgresType: Oid {
    case bool = 16
    case bytea = 17
    case int8 = 20
    case int2 = 21
    case int4 = 23
    case text = 25
    case float8 = 701
    case textArray = 1009
    case varchar = 1043
    case timestamptz = 1184
    case uuid = 2950
    case uuidArray = 2951
    case jsonb = 3802
    case name = 19

    /// PostgreSQL counts time from 2000-01-01; microseconds from 1970 to there.
    static let epochMicroseconds: Int64 = 946_684_800_000_000
}

extension [UInt8] {
    fileprivate mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func appendText(_ text: String) {
        if text.utf8.contains(0) {
            for byte in text.utf8 where byte != 0 { append(byte) }
        } else {
            append(contentsOf: text.utf8)
        }
    }

    fileprivate mutating func appendUUID(_ id: UUID) {
        Swift.withUnsafeBytes(of: id.uuid) { append(contentsOf: $0) }
    }

    /// One dimension, no NULLs: number of dimensions, flags, type, length, lower bound, then length and bytes of each.
    fileprivate mutating func appendArray<Value>(
        of type: PostgresType,
        _ values: [Value],
        _ write: (inout [UInt8], Value) -> Void
    ) {
        appendBigEndian(Int32(values.isEmpty ? 0 : 1))
        appendBigEndian(Int32(0))
        appendBigEndian(type.rawValue)
        guard !values.isEmpty else { return }
        appendBigEndian(Int32(values.count))
        appendBigEndian(Int32(1))
        for value in values {
            var bytes: [UInt8] = []
            write(&bytes, value)
            appendBigEndian(Int32(bytes.count))
            append(contentsOf: bytes)
        }
    }
}
