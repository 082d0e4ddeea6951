/// A set of request parameters, such as what a provider honours. One word: a plan compares many of them on every call.
package struct RemixParameters: Sendable, Hashable, SetAlgebra {
    private var bits: UInt64

    private static let all = Array(RemixParameter.allCases)
    private static let places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, UInt64(1) << UInt64($0)) })

    package init() { bits = 0 }

    private init(bits: UInt64) { self.bits = bits }

    package init(_ parameters: some Sequence<RemixParameter>) {
        self.init()
        for parameter in parameters { insert(parameter) }
    }

    package static var every: RemixParameters { RemixParameters(all) }

    package var isEmpty: Bool { bits == 0 }

    package func contains(_ parameter: RemixParameter) -> Bool { bits & Self.place(of: parameter) != 0 }

    @discardableResult
    package mutating func insert(
        _ parameter: RemixParameter
    ) -> (inserted: Bool, memberAfterInsert: RemixParameter) {
        let isNew = !contains(parameter)
        bits |= Self.place(of: parameter)
        return (isNew, parameter)
    }

    @discardableResult
    package mutating func remove(_ parameter: RemixParameter) -> RemixParameter? {
        guard contains(parameter) else { return nil }
        bits &= ~Self.place(of: parameter)
        return parameter
    }

    @discardableResult
    package mutating func update(with parameter: RemixParameter) -> RemixParameter? {
        insert(parameter).inserted ? nil : parameter
    }

    package func union(_ other: Self) -> Self { Self(bits: bits | other.bits) }
    package func intersection(_ other: Self) -> Self { Self(bits: bits & other.bits) }
    package func symmetricDifference(_ other: Self) -> Self { Self(bits: bits ^ other.bits) }
    package func subtracting(_ other: Self) -> Self { Self(bits: bits & ~other.bits) }
    package func isSubset(of other: Self) -> Bool { bits & ~other.bits == 0 }
    package func isDisjoint(with other: Self) -> Bool { bits & other.bits == 0 }

    package mutating func formUnion(_ other: Self) { self = union(other) }
    package mutating func formIntersection(_ other: Self) { self = intersection(other) }
    package mutating func formSymmetricDifference(_ other: Self) { self = symmetricDifference(other) }

    private static func place(of parameter: RemixParameter) -> UInt64 { places[parameter] ?? 0 }
}

extension RemixParameters: Sequence {
    /// In the order in which the parameters are declared.
    package struct Iterator: IteratorProtocol {
        fileprivate var bits: UInt64

        package mutating func next() -> RemixParameter? {
            guard bits != 0 else { return nil }
            defer { bits &= bits - 1 }
            return RemixParameters.all[bits.trailingZeroBitCount]
        }
    }

    package func makeIterator() -> Iterator { Iterator(bits: bits) }
}
