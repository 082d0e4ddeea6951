/// Builds the tree of a YAML text out of its events: one document, aliases resolved, within limits.
///
/// Duplicate keys are collected as faults, and the first one stands. What leaves no tree to go on with (bad syntax, a
/// passed limit, a second document) ends the work with an error.
struct YAMLComposer {
    private struct Anchor {
        let node: YAMLNode
        let nodes: Int
        let height: Int
    }

    private let reader: YAMLEventReader
    private let limits: YAMLLimits
    private var anchors: [String: Anchor] = [:]
    private var nodes = 0
    private(set) var duplicates: [YAMLDuplicateKey] = []

    /// The tree of `text`, nil when the document is empty, and the keys that a mapping has twice.
    static func compose(
        _ text: String,
        limits: YAMLLimits
    ) throws(YAMLSyntaxError) -> (root: YAMLNode?, duplicates: [YAMLDuplicateKey]) {
        let start = SourcePosition(line: 1, column: 1)
        guard text.utf8.count <= limits.bytes else {
            throw YAMLSyntaxError(
                position: start,
                message: "is larger than \(limits.bytes / 1024) KiB, more than a configuration may be"
            )
        }
        guard let reader = YAMLEventReader(text) else {
            throw YAMLSyntaxError(position: start, message: "cannot be read: out of memory")
        }
        var composer = YAMLComposer(reader: reader, limits: limits)
        let root = try composer.document()
        return (root, composer.duplicates)
    }

    private init(reader: YAMLEventReader, limits: YAMLLimits) {
        self.reader = reader
        self.limits = limits
    }

    private mutating func document() throws(YAMLSyntaxError) -> YAMLNode? {
        var root: YAMLNode?
        var documents = 0
        while true {
            let (event, position) = try reader.next()
            switch event {
            case .streamEnd: return root
            case .documentStart:
                documents += 1
                guard documents == 1 else {
                    throw YAMLSyntaxError(
                        position: position,
                        message: "holds a second document; a configuration is one, so remove this `---`"
                    )
                }
            case .streamStart, .documentEnd: continue
            default:
                let node = try node(event, at: position, depth: 1, path: [])
                root = node.isNull ? nil : node
            }
        }
    }

    private mutating func node(
        _ event: YAMLEvent,
        at position: SourcePosition,
        depth: Int,
        path: [String]
    ) throws(YAMLSyntaxError) -> YAMLNode {
        guard depth <= limits.depth else {
            throw YAMLSyntaxError(position: position, message: "nests more than \(limits.depth) levels deep")
        }
        let before = nodes
        try count(1, at: position)
        let node: YAMLNode
        let anchor: String?
        switch event {
        case .scalar(let text, let plain, let name, let tagged):
            try refuse(tagged: tagged, at: position)
            node = YAMLNode(.scalar(text, plain: plain), at: position)
            anchor = name
        case .sequenceStart(let name, let tagged):
            try refuse(tagged: tagged, at: position)
            node = YAMLNode(.sequence(try items(depth: depth, path: path)), at: position)
            anchor = name
        case .mappingStart(let name, let tagged):
            try refuse(tagged: tagged, at: position)
            node = YAMLNode(.mapping(try entries(depth: depth, path: path)), at: position)
            anchor = name
        case .alias(let name):
            return try resolve(name, at: position, depth: depth)
        default:
            throw YAMLSyntaxError(position: position, message: "is not valid YAML: a value is missing")
        }
        if let anchor { anchors[anchor] = Anchor(node: node, nodes: nodes - before, height: node.height) }
        return node
    }

    private mutating func items(depth: Int, path: [String]) throws(YAMLSyntaxError) -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            let (event, position) = try reader.next()
            if case .sequenceEnd = event { return items }
            items.append(try node(event, at: position, depth: depth + 1, path: path + ["[\(items.count)]"]))
        }
    }

    private mutating func entries(depth: Int, path: [String]) throws(YAMLSyntaxError) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var lines: [String: Int] = [:]
        while true {
            let (event, position) = try reader.next()
            if case .mappingEnd = event { return entries }
            guard case .scalar(let key, _, nil, false) = event else {
                throw YAMLSyntaxError(position: position, message: "has a key that is not plain text")
            }
            guard key.utf8.count <= limits.keyBytes else {
                throw YAMLSyntaxError(position: position, message: "has a key of more than \(limits.keyBytes) bytes")
            }
            try count(1, at: position)
            let (next, valuePosition) = try reader.next()
            let value = try node(next, at: valuePosition, depth: depth + 1, path: path + [key])
            if let line = lines[key] {
                duplicates.append(YAMLDuplicateKey(path: path + [key], position: position, firstLine: line))
            } else {
                lines[key] = position.line
                entries.append(YAMLEntry(key: key, keyPosition: position, value: value))
            }
        }
    }

    /// An anchor is known only when its node is complete, so a node cannot hold itself.
    private mutating func resolve(
        _ name: String,
        at position: SourcePosition,
        depth: Int
    ) throws(YAMLSyntaxError) -> YAMLNode {
        guard let anchor = anchors[name] else {
            throw YAMLSyntaxError(position: position, message: "refers to *\(name), but no &\(name) stands before it")
        }
        try count(anchor.nodes - 1, at: position)
        guard depth + anchor.height - 1 <= limits.depth else {
            throw YAMLSyntaxError(position: position, message: "nests more than \(limits.depth) levels deep")
        }
        return YAMLNode(anchor.node.content, at: position)
    }

    private mutating func count(_ more: Int, at position: SourcePosition) throws(YAMLSyntaxError) {
        nodes += more
        guard nodes <= limits.nodes else {
            throw YAMLSyntaxError(position: position, message: "holds more than \(limits.nodes) values")
        }
    }

    private func refuse(tagged: Bool, at position: SourcePosition) throws(YAMLSyntaxError) {
        guard tagged else { return }
        throw YAMLSyntaxError(
            position: position,
            message: "has a tag (`!...`), which a configuration has no use for; remove it"
        )
    }
}

/// A key that its mapping has already.
struct YAMLDuplicateKey {
    let path: [String]
    let position: SourcePosition
    let firstLine: Int
}

extension YAMLNode {
    /// Levels of nesting from here down: 1 for a scalar.
    fileprivate var height: Int {
        switch content {
        case .scalar: 1
        case .sequence(let items): 1 + (items.map(\.height).max() ?? 0)
        case .mapping(let entries): 1 + (entries.map(\.value.height).max() ?? 0)
        }
    }
}
