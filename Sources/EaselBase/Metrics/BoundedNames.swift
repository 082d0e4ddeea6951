/// Which of many names get a series of their own: so many of the greatest, and all the rest together (S4).
///
/// What was counted with the rest before a name got its series stays there for ever, so that no series ever falls; a name that
/// was given is kept. Pure: `read` is told the totals since the start, which only rise.
package struct BoundedNames<Name: Hashable & Comparable & Sendable>: Sendable {
    /// Names that are given to whoever comes first.
    package let first: Int
    /// Names in all: those beyond `first` go to whoever is greater than the smallest of the `first` greatest.
    package let most: Int
    /// What had been told of a name with the rest when it was given.
    private var named: [Name: [Int64]] = [:]
    /// Those that were told with the rest.
    private var inRest: Set<Name> = []

    package init(first: Int, most: Int) {
        self.first = max(1, first)
        self.most = max(first, most)
    }

    /// The series of now: those with a name, and the rest. `totals`: several sums for each name, all of the same number;
    /// the first one says who is great. `mayBeNamed`: whether a name can be told at all.
    package mutating func read(
        _ totals: [Name: [Int64]],
        mayBeNamed: (Name) -> Bool = { _ in true }
    ) -> (named: [Name: [Int64]], rest: [Int64]) {
        give(totals, mayBeNamed)
        var rest = [Int64](repeating: 0, count: totals.values.first?.count ?? 0)
        var series: [Name: [Int64]] = [:]
        for (name, sums) in totals {
            let before = named[name]
            for (index, part) in (before ?? sums).enumerated() where index < rest.count { rest[index] &+= part }
            if let before { series[name] = zip(sums, before).map { $0 &- $1 } } else { inRest.insert(name) }
        }
        return (series, rest)
    }

    private mutating func give(_ totals: [Name: [Int64]], _ mayBeNamed: (Name) -> Bool) {
        guard named.count < most else { return }
        let waiting = totals.filter { named[$0.key] == nil && mayBeNamed($0.key) }
            .sorted { ($1.value.first ?? 0, $0.key) < ($0.value.first ?? 0, $1.key) }
        guard !waiting.isEmpty else { return }
        let great = totals.filter { named[$0.key] != nil }.map { $0.value.first ?? 0 }.sorted(by: >)
        let bar = great.count >= first ? great[first - 1] : nil
        for (name, sums) in waiting where named.count < most {
            guard named.count < first || bar.map({ (sums.first ?? 0) > $0 }) == true else { continue }
            named[name] = inRest.remove(name) == nil ? sums.map { _ in 0 } : sums
        }
    }
}
