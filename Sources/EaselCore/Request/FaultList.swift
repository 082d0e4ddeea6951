/// Faults of one input as they are found: the first of them, and how many there are (S4). Each costs the same, however many
/// there were before.
package struct FaultList: Sendable {
    /// Faults that are named one by one: nobody reads more.
    package static let most = 50

    package private(set) var named: [RequestFault] = []
    /// Those that are named and those that are not.
    package private(set) var count = 0
    private var parameters: Set<String> = []

    package init(_ faults: [RequestFault] = []) {
        for fault in faults { add(fault) }
    }

    package var isEmpty: Bool { count == 0 }

    package mutating func add(_ fault: RequestFault) {
        count += 1
        guard named.count < Self.most else { return }
        named.append(fault)
        parameters.insert(fault.parameter)
    }

    /// Unless the parameter has a fault that is named already: one that could not even be read has its fault.
    package mutating func addOnce(_ fault: RequestFault) {
        if !parameters.contains(fault.parameter) { add(fault) }
    }

    /// The named ones, and one that says how many more there are.
    package func all(_ parameter: String = "body") -> [RequestFault] {
        let more = count - named.count
        if more == 0 { return named }
        return named + [RequestFault(parameter, "has \(more) more faults; fix these first")]
    }
}
