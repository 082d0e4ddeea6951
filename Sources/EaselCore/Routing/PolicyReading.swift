package import EaselBase

/// Reads policies that do not come from the configuration. The words are the configuration's, so its reader does it.
package protocol PolicyReading: Sendable {
    /// A policy inside a request.
    func inline(_ value: JSONValue) -> Result<RoutingPolicy, PolicyFaults>

    /// A text in YAML: one policy, or a section `routing`; `file` is the name that faults are reported under.
    func document(_ text: String, file: String) -> Result<PolicyBook, PolicyFaults>
}
