import EaselBase
import EaselCore
import Foundation

/// A parameter of a URL as a row of the table declares it.
protocol QueryRule: Sendable {
    var name: String { get }
    var schema: Schema { get }
    /// A sentence; with the usual value where there is one.
    var note: String { get }
    /// What is wrong with a value; nil when nothing is.
    func fault(in text: String, now: Timestamp) -> String?
}

/// The same with the type of its value, by which a handler asks for it: `visit[limit]`.
struct QueryParameter<Value: Sendable>: QueryRule {
    let name: String
    let schema: Schema
    let note: String
    /// What it is when the URL does not have it.
    let absent: Value
    /// Nil for a text that is no value.
    let read: @Sendable (String, Timestamp) -> Value?
    /// What a text must be, for those who sent another one.
    let mend: String

    func fault(in text: String, now: Timestamp) -> String? { read(text, now) == nil ? mend : nil }
}

extension QueryParameter where Value == Int {
    static func integer(_ name: String, _ range: ClosedRange<Int>, usual: Int, _ note: String) -> Self {
        Self(
            name: name,
            schema: Schema.integer(range).rule("default", .count(usual)),
            note: note,
            absent: usual,
            read: { text, _ in Int(text).flatMap { range.contains($0) ? $0 : nil } },
            mend: "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        )
    }
}

extension QueryParameter where Value == String? {
    static func text(_ name: String, _ note: String) -> Self {
        Self(name: name, schema: .text, note: note, absent: nil, read: { text, _ in text }, mend: "")
    }
}

extension QueryParameter where Value == Bool? {
    static func flag(_ name: String, _ note: String) -> Self {
        Self(
            name: name,
            schema: .flag,
            note: note,
            absent: nil,
            read: { text, _ in Bool(text).map { $0 } },
            mend: "must be true or false"
        )
    }
}

extension QueryParameter where Value == UUID? {
    /// `mend`: what it must be the id of.
    static func id(_ name: String, _ note: String, mend: String) -> Self {
        Self(
            name: name,
            schema: .id,
            note: note,
            absent: nil,
            read: { text, _ in UUID(uuidString: text).map { $0 } },
            mend: mend
        )
    }
}

extension QueryParameter where Value == Timestamp? {
    /// A time, a date, or how long ago.
    static func moment(_ name: String, _ note: String) -> Self {
        Self(
            name: name,
            schema: .text,
            note: note + " An RFC 3339 time, a date, or a time span such as `24h` or `7d` for that long ago.",
            absent: nil,
            read: { text, now in
                if let span = DurationText.parse(text) { return now - span }
                return Timestamp(text).map { $0 }
            },
            mend: "must be an RFC 3339 time, a date, or a time span such as 24h or 7d"
        )
    }
}

extension QueryParameter {
    /// One of the values of an enumeration.
    static func choice<Case>(_ name: String, _ note: String) -> QueryParameter
    where Value == Case?, Case: CaseIterable & RawRepresentable<String> {
        let all = Case.allCases.map(\.rawValue)
        return QueryParameter(
            name: name,
            schema: .choice(all),
            note: note,
            absent: nil,
            read: { text, _ in Case(rawValue: text).map { $0 } },
            mend: "must be one of \(all.joined(separator: ", "))"
        )
    }
}

/// What a route takes in its URL behind the path.
struct QueryRules: Sendable {
    let rules: [any QueryRule]
    /// Nil where the rules say all; otherwise the one reader of parameters that belong together, such as a period.
    private let reader: (@Sendable ([(name: String, value: String)], Timestamp) -> [RequestFault])?

    /// Nothing is looked at.
    static let none = QueryRules(rules: [], reader: nil)

    /// These, each once at most; another one is a fault.
    static func only(_ rules: [any QueryRule]) -> QueryRules { QueryRules(rules: rules, reader: nil) }

    /// The same, read together by `reader`, which names every fault.
    static func together(
        _ rules: [any QueryRule],
        _ reader: @escaping @Sendable ([(name: String, value: String)], Timestamp) -> [RequestFault]
    ) -> QueryRules {
        QueryRules(rules: rules, reader: reader)
    }

    /// Every fault of a query at once.
    func faults(in query: [(name: String, value: String)], now: Timestamp) -> [RequestFault] {
        if let reader { return reader(query, now) }
        // A route that takes none does not care what a proxy has put there.
        guard !rules.isEmpty, !query.isEmpty else { return [] }
        var found = FaultList()
        var given: Set<String> = []
        for (name, value) in query {
            let shown = String(name.unicodeScalars.prefix(64))
            guard let rule = rules.first(where: { $0.name == name }) else {
                let known = rules.map(\.name).joined(separator: ", ")
                found.add(RequestFault(shown, "is not known; there are \(known)"))
                continue
            }
            if !given.insert(name).inserted {
                found.add(RequestFault(shown, "is given twice; give it once"))
            } else if let fault = rule.fault(in: value, now: now) {
                found.add(RequestFault(name, fault))
            }
        }
        return found.all("query")
    }
}
