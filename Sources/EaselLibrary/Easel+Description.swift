/// What printing and dumping show: no key, no password of a database, and nothing of an environment (S2).
extension Easel.Provider: CustomStringConvertible, CustomReflectable {
    /// The name and the kind.
    public var description: String { "\(name) (\(kind.rawValue))" }
    /// The same, and where it is reached.
    public var customMirror: Mirror {
        Mirror(self, children: ["name": name, "kind": kind.rawValue, "baseURL": baseURL ?? "its own"])
    }
}

extension Easel.Ledger: CustomStringConvertible, CustomReflectable {
    /// `memory` or `postgres`.
    public var description: String {
        switch kind {
        case .memory: "memory"
        case .postgres: "postgres"
        }
    }
    /// The same.
    public var customMirror: Mirror { Mirror(self, children: ["kind": description]) }
}

extension Easel.Configuration: CustomStringConvertible, CustomReflectable {
    /// The team.
    public var description: String { "a configuration for the team \(team)" }
    /// The same.
    public var customMirror: Mirror { Mirror(self, children: ["team": team]) }
}
