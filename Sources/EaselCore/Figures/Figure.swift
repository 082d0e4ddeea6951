package import EaselBase

/// A figure of a list, in one place: what it is called where it is stored, asked for, written and drawn, and what it counts.
package struct Figure: Sendable {
    private let name: String
    package let column: Report.Column
    /// Whether the list's own report has it; the others serve rates and other reports.
    package let isReported: Bool

    /// - Parameter name: without its unit: `cost` is `cost_usd` for whoever asks and `cost_nusd` in the ledger's tables.
    init(
        _ name: String,
        _ kind: Report.Kind,
        _ title: String,
        importance: Int = 0,
        form: Report.Column.Form = .plain,
        isReported: Bool = true,
        _ definition: String
    ) {
        self.name = name
        self.isReported = isReported
        let key = kind == .money ? "\(name)_usd" : name
        column = Report.Column(key, title, kind, importance: importance, form: form, definition)
    }

    /// Its column in the tables of the ledger; money is in whole nanodollars there.
    package var storedName: String { column.kind == .money ? "\(name)_nusd" : name }
}

/// A list of figures. Whoever stores, adds up, writes, reads or draws them goes through it.
package protocol FigureField: RawRepresentable<Int>, CaseIterable, Hashable, Sendable where AllCases == [Self] {
    /// What there is to say of each, by raw value; these count from zero.
    static var legend: [Figure] { get }
}

extension FigureField {
    package var figure: Figure { Self.legend[rawValue] }
}

/// Figures that rows add up to: a sum for each field of a list, and histograms.
package protocol SummedFigures: Sendable, Hashable {
    associatedtype Field: FigureField

    /// The names of the histograms, in their order.
    static var histograms: [String] { get }

    /// One number for each field by its raw value: a count, or nanodollars.
    var sums: [Int64] { get set }

    init()

    /// The histogram at that place in `histograms`.
    subscript(histogram index: Int) -> LatencyHistogram { get set }
}

extension SummedFigures {
    package subscript(_ field: Field) -> Int {
        get { Int(sums[field.rawValue]) }
        set { sums[field.rawValue] = Int64(newValue) }
    }

    package subscript(money field: Field) -> Money {
        get { Money(nanodollars: sums[field.rawValue]) }
        set { sums[field.rawValue] = newValue.nanodollars }
    }
}

extension [Int64] {
    /// Adds the sums of the same list. They stop at the ends of the range: an absurd figure of a provider must not end the
    /// program.
    package mutating func add(_ others: [Int64]) {
        for index in indices { self[index] = self[index].addingSaturating(others[index]) }
    }
}

/// A part of a whole.
package struct Ratio: Sendable, Hashable {
    package let part: Int
    package let whole: Int

    package init(_ part: Int, of whole: Int) {
        self.part = part
        self.whole = whole
    }

    /// From 0 to 1; nil without a whole.
    package var value: Double? { whole > 0 ? Double(part) / Double(whole) : nil }
}
