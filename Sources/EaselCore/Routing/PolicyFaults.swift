/// What is wrong with a policy that does not come from the configuration; never empty.
package struct PolicyFaults: Error, Sendable, Hashable {
    package let faults: [RequestFault]

    package init(_ faults: [RequestFault]) {
        self.faults = faults
    }
}
