/// A place in a text file, as editors count: lines and columns (characters) from 1.
package struct SourcePosition: Sendable, Hashable {
    /// From 1.
    package let line: Int
    /// In characters, from 1.
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}
