import EaselBase
import EaselCore

/// Rows that could not be read. One of them never stops the others.
final class SetAsideRows: Sendable {
    /// What is read, for people and for counting.
    enum Reader: String, Sendable, Hashable, CaseIterable {
        case orphans = "calls left behind"
        case unknownAttempts = "calls with an unknown attempt"
        case openShadows = "shadows under way"
        case shadowReport = "the comparison of shadows"
        case calls = "the list of calls"
        case estimates = "past estimates"
        case simulation = "the log for a simulation"
        case providerRecords = "the log of providers for a simulation"
        case keys = "keys"
        case alertStates = "alert states"
        case alertEvents = "alert events"
        case alertDeliveries = "alert deliveries"
        case gatewaySigns = "signs of gateways"
        case reconciliations = "comparisons with providers"
        case budgetCalls = "the calls of a budget"
        case budgets = "budgets"
        case audit = "the audit"

        /// Whether each reading reads all that there is, so that what it does not meet again is mended or gone.
        var isWhole: Bool {
            switch self {
            case .orphans, .unknownAttempts, .openShadows, .keys, .alertStates, .gatewaySigns, .budgets: true
            default: false
            }
        }
    }

    /// Of one reader; more are counted no more (S4).
    private static let most = 1000

    private let log: Log
    /// By id the reason.
    private let rows = Locked<[Reader: [String: String]]>([:])

    init(log: Log) {
        self.log = log
    }

    /// The rows that can be read; the others are noted.
    func read<Value>(
        _ rows: [[SQLValue]],
        for reader: Reader,
        _ body: ([SQLValue]) throws(PostgresError) -> Value
    ) -> [Value] {
        var values: [Value] = []
        var faults: [(id: String, reason: String)] = []
        for cells in rows {
            do throws(PostgresError) {
                values.append(try body(cells))
            } catch {
                faults.append((Self.name(cells), error.message))
            }
        }
        note(faults, for: reader)
        return values
    }

    /// - Parameter isFirst: false for a later page of the same reading: what was met before it stands.
    func note(_ faults: [(id: String, reason: String)], for reader: Reader, isFirst: Bool = true) {
        let new = rows.withLock { rows in
            let old = rows[reader] ?? [:]
            var next = reader.isWhole && isFirst ? [:] : old
            for (id, reason) in faults where next[id] != nil || next.count < Self.most { next[id] = reason }
            rows[reader] = next.isEmpty ? nil : next
            return next.filter { old[$0.key] == nil }
        }
        for (id, reason) in new.sorted(by: { $0.key < $1.key }) {
            log.warning("a row cannot be read and is set aside", ["rows": reader.rawValue, "id": id, "reason": reason])
        }
    }

    /// How many were met; a reader with a limit reads so many more, so that they never fill its page.
    func count(_ reader: Reader) -> Int { rows.withLock { $0[reader]?.count ?? 0 } }

    var all: [UnreadableRow] {
        rows.withLock { rows in
            rows.flatMap { reader, faults in
                faults.map { UnreadableRow(reader: reader.rawValue, id: $0.key, reason: $0.value) }
            }
        }
        .sorted { ($0.reader, $0.id) < ($1.reader, $1.id) }
    }

    /// The row's id: the first that there is, else its first texts.
    private static func name(_ cells: [SQLValue]) -> String {
        for case .uuid(let id?) in cells { return id.text }
        let texts = cells.prefix(3).compactMap { cell in
            if case .text(let text?) = cell { String(text.prefix(64)) } else { nil }
        }
        return texts.isEmpty ? "without an id" : texts.joined(separator: " ")
    }
}
