import Testing
import TestTools

@testable import EaselCore

@Suite("Sets of parameters")
struct RemixParametersTests {
    @Test func `they answer as a set of the same parameters does`() {
        var random = SeededRandom(seed: 0x5E7)
        for _ in 0..<300 {
            let left = Set(RemixParameter.allCases.filter { _ in Bool.random(using: &random) })
            let right = Set(RemixParameter.allCases.filter { _ in Bool.random(using: &random) })
            let (first, second) = (RemixParameters(left), RemixParameters(right))
            #expect(Set(first) == left && first.isEmpty == left.isEmpty)
            #expect(Set(first.union(second)) == left.union(right))
            #expect(Set(first.intersection(second)) == left.intersection(right))
            #expect(Set(first.subtracting(second)) == left.subtracting(right))
            #expect(Set(first.symmetricDifference(second)) == left.symmetricDifference(right))
            #expect(first.isSubset(of: second) == left.isSubset(of: right))
            #expect(first.isDisjoint(with: second) == left.isDisjoint(with: right))
            #expect(RemixParameter.allCases.allSatisfy { first.contains($0) == left.contains($0) })
        }
        var set: RemixParameters = [.seed]
        #expect(set.insert(.seed).inserted == false && set.insert(.count).inserted && set.remove(.seed) == .seed)
        #expect(set == [.count] && set.remove(.seed) == nil && Array(RemixParameters.every) == RemixParameter.allCases)
    }
}
