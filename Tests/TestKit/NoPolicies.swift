package import EaselBase
package import EaselCore

/// For tests whose requests bring no policy.
package struct NoPolicies: PolicyReading {
    package init() {}

    package func inline(_ value: JSONValue) -> Result<RoutingPolicy, PolicyFaults> {
        .failure(PolicyFaults([RequestFault(.policy, "not here")]))
    }

    package func document(_ text: String, file: String) -> Result<PolicyBook, PolicyFaults> {
        .failure(PolicyFaults([RequestFault(.policy, "not here")]))
    }
}
