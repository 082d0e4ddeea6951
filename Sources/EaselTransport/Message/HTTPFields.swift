/// The header fields of one HTTP message, in the order in which they stood there; names are compared without case.
package struct HTTPFields: Sendable {
    /// Every field, in order. A name may occur more than once.
    package private(set) var pairs: [(name: String, value: String)]

    /// No fields.
    package init() {
        pairs = []
    }

    /// Fields in the given order.
    package init(_ pairs: [(String, String)]) {
        self.pairs = pairs.map { (name: $0.0, value: $0.1) }
    }

    /// The first value of a name. Setting replaces every field of that name by one; setting nil removes them.
    package subscript(name: String) -> String? {
        get {
            for pair in pairs where HTTPSyntax.equalIgnoringCase(pair.name, name) { return pair.value }
            return nil
        }
        set {
            guard let newValue else { return remove(name) }
            guard let index = pairs.firstIndex(where: { HTTPSyntax.equalIgnoringCase($0.name, name) }) else {
                return add(name, newValue)
            }
            pairs[index] = (name: name, value: newValue)
            let next = index + 1
            pairs[next...].removeAll { HTTPSyntax.equalIgnoringCase($0.name, name) }
        }
    }

    /// All values of a name, in order.
    package func values(of name: String) -> [String] {
        pairs.compactMap { HTTPSyntax.equalIgnoringCase($0.name, name) ? $0.value : nil }
    }

    /// Appends a field without touching others of the same name.
    package mutating func add(_ name: String, _ value: String) {
        pairs.append((name: name, value: value))
    }

    /// Makes room for that many fields in all.
    package mutating func reserve(_ count: Int) {
        pairs.reserveCapacity(count)
    }

    /// Removes every field of that name.
    package mutating func remove(_ name: String) {
        pairs.removeAll { HTTPSyntax.equalIgnoringCase($0.name, name) }
    }
}

extension HTTPFields: Equatable {
    /// Equal when the same names, but for case, and values stand in the same order.
    package static func == (left: HTTPFields, right: HTTPFields) -> Bool {
        left.pairs.count == right.pairs.count
            && zip(left.pairs, right.pairs).allSatisfy {
                HTTPSyntax.equalIgnoringCase($0.name, $1.name) && $0.value == $1.value
            }
    }
}

extension HTTPFields: ExpressibleByDictionaryLiteral {
    /// Fields in the order of the literal.
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements)
    }
}
