/// Which of the known names somebody may have meant.
package enum Nearest {
    /// The closest of `candidates` to a misspelt `name`, or nil when none is close enough to be helpful.
    ///
    /// Close: one slip in three characters, or the beginning of just one candidate.
    package static func match(_ name: String, among candidates: some Collection<String>) -> String? {
        let wanted = folded(name)
        guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
        let ranked = candidates.map { (distance(wanted, folded($0)), $0) }.min { $0 < $1 }
        if let (slips, candidate) = ranked, slips <= max(1, min(3, wanted.count / 3)), slips < candidate.count {
            return candidate
        }
        let begun = candidates.filter { wanted.count >= 3 && folded($0).starts(with: wanted) }
        return begun.count == 1 ? begun.first : nil
    }

    /// The message's tail: `; did you mean x?`, or nothing.
    package static func hint(_ name: String, among candidates: some Collection<String>) -> String {
        match(name, among: candidates).map { "; did you mean \($0)?" } ?? ""
    }

    /// Case and the kind of separator are the slips that are most often meant to make no difference.
    private static func folded(_ name: String) -> [Character] {
        name.lowercased().map { $0 == "-" ? "_" : $0 }
    }

    /// Insertions, deletions, replacements and swaps of neighbours that lead from one name to the other.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1...right.count {
                let same = left[row - 1] == right[column - 1]
                current[column] = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    current[column] = min(current[column], beforeLast[column - 2] + 1)
                }
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
