package import EaselBase
package import EaselCore

/// Reads the parameters of a shadow report: `from`, `to`, `policy`, `team`. Times are read as in a usage report.
package struct ShadowQueryParser: Sendable {
    /// What was asked for. The team is still a name, as only the ledger knows its id.
    package struct Parsed: Sendable, Hashable {
        /// Its `teamID` is nil.
        package var query: ShadowQuery
        /// Nil: every team that the caller may see.
        package var team: String?
    }

    /// The parameters that it knows.
    package static let parameters = ["from", "to", "policy", "team"]

    private let now: Timestamp

    package init(now: Timestamp) {
        self.now = now
    }

    /// - Parameter parameters: names with values, as in a query string; a name may appear once.
    package func parse(_ parameters: [(name: String, value: String)]) throws(UsageQueryError) -> Parsed {
        var faults: [RequestFault] = []
        for (name, _) in parameters where !Self.parameters.contains(name) {
            let list = Self.parameters.joined(separator: ", ")
            faults.append(RequestFault(name, "is not a parameter of a shadow report; known are \(list)"))
        }
        let policies = parameters.filter { $0.name == "policy" }.map(\.value)
        if policies.count > 1 { faults.append(RequestFault("policy", "is given twice; give it once")) }
        if policies.contains("") { faults.append(RequestFault("policy", "is empty; name a policy")) }
        let rest = parameters.filter { $0.name != "policy" && Self.parameters.contains($0.name) }
        let usage: UsageQueryParser.Parsed
        do {
            usage = try UsageQueryParser(now: now).parse(rest)
        } catch {
            throw UsageQueryError(faults: faults + error.faults)
        }
        guard faults.isEmpty else { throw UsageQueryError(faults: faults) }
        let query = ShadowQuery(from: usage.query.from, to: usage.query.to, policy: policies.first?.nfc)
        return Parsed(query: query, team: usage.team)
    }
}
