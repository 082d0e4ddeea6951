/// A YAML value with the place where it begins: a tree that can say for every part of it where it was written.
struct YAMLNode: Sendable, Hashable {
    /// What stands there. Nothing is typed yet: whether `5` is a number is the question of who reads it.
    enum Content: Sendable, Hashable {
        /// `plain` is false for quoted and block scalars: those are text whatever they look like.
        case scalar(String, plain: Bool)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
    }

    let content: Content
    let position: SourcePosition

    init(_ content: Content, at position: SourcePosition) {
        self.content = content
        self.position = position
    }

    /// Whether nothing was written: an empty plain scalar, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let text, plain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }
}

/// One key of a mapping with its value, in the order of the file.
struct YAMLEntry: Sendable, Hashable {
    let key: String
    let keyPosition: SourcePosition
    let value: YAMLNode

    init(key: String, keyPosition: SourcePosition, value: YAMLNode) {
        self.key = key
        self.keyPosition = keyPosition
        self.value = value
    }
}
