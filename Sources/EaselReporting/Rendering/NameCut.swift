/// How the names of a column are cut: at the end, or inside where they differ in their ends, so that two rows never look the
/// same because their names were too long.
struct NameCut: Sendable, Hashable {
    /// Columns that tell all of them apart; nil: there is nothing to keep apart.
    let floor: Int?
    private let isInside: Bool

    /// Cuts at the end.
    static let atEnd = NameCut(floor: nil, isInside: false)

    /// More different names than that are no longer told apart by anybody.
    private static let mostCompared = 2000

    private init(floor: Int?, isInside: Bool) {
        self.floor = floor
        self.isInside = isInside
    }

    init(_ texts: [String], _ column: TextTable.Column, _ style: TextStyle) {
        let names = Set(texts)
        guard let shortest = column.shortest, (2...Self.mostCompared).contains(names.count) else {
            self = .atEnd
            return
        }
        let longest = names.map { DisplayWidth.of($0) }.max() ?? shortest
        let ending = Self.floor(names, from: shortest, to: longest) {
            DisplayWidth.truncated($0, to: $1, ellipsis: style.ellipsis)
        }
        let inside = Self.floor(names, from: shortest, to: longest) {
            DisplayWidth.truncatedInside($0, to: $1, ellipsis: style.ellipsis)
        }
        self.init(floor: min(ending, inside), isInside: inside < ending)
    }

    func shortened(_ text: String, to width: Int, ellipsis: String) -> String {
        isInside
            ? DisplayWidth.truncatedInside(text, to: width, ellipsis: ellipsis)
            : DisplayWidth.truncated(text, to: width, ellipsis: ellipsis)
    }

    /// The least width at which no two of the names become one. Names that differ at a width differ at every larger one.
    private static func floor(
        _ names: Set<String>,
        from shortest: Int,
        to longest: Int,
        _ cut: (String, Int) -> String
    ) -> Int {
        var low = shortest
        var high = max(shortest, longest)
        while low < high {
            let middle = (low + high) / 2
            if Set(names.map { cut($0, middle) }).count == names.count { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
