package import EaselBase
package import EaselCore
import Foundation

/// Reads policies that do not stand in the configuration: inline in a request, or in a text to be tried out.
///
/// They come from callers, so nothing in them is expanded from the environment (S2).
package struct InlinePolicies: PolicyReading {
    /// The name under which a call with an inline policy is logged.
    package static let name = "inline"

    private let providers: [String]
    private let names: [String]

    /// `policies` are those that an inline policy may `use`.
    package init(providers: [String], policies: PolicyBook) {
        self.providers = providers
        names = policies.policies.keys.sorted()
    }

    /// A policy in a request, with the same words as in a configuration. Faults name the key below `policy`.
    package func inline(_ value: JSONValue) -> Result<RoutingPolicy, PolicyFaults> {
        let start = SourcePosition(line: 1, column: 1)
        let context = ReadingContext(
            file: "policy",
            environment: nil,
            mostFaults: ReadingContext.mostFaultsOfCallers
        )
        var nodes = 0
        guard let node = YAMLNode(value, at: start, depth: 0, &nodes) else {
            return .failure(PolicyFaults([RequestFault("policy", "is too large or nests too deeply")]))
        }
        let setting = SettingReader(node: node, keyPosition: start, path: "policy", context: context)
        let reader = PolicyReader(providers: providers, names: names, allowsShadow: false)
        let policy = reader.policy(Self.name, setting)
        guard context.faults.isEmpty, let policy else {
            return .failure(
                PolicyFaults(
                    context.allFaults.map { RequestFault($0.keyPath.isEmpty ? "policy" : $0.keyPath, $0.message) }
                )
            )
        }
        return .success(policy)
    }

    /// A text in YAML: one policy, a section `routing`, or a configuration that has one. A single policy is the book's
    /// default and its only one beside those of the configuration that it may use. Faults name file, line and column.
    package func document(_ text: String, file: String) -> Result<PolicyBook, PolicyFaults> {
        let context = ReadingContext(
            file: file,
            environment: nil,
            mostFaults: ReadingContext.mostFaultsOfCallers
        )
        let root: YAMLNode?
        do throws(YAMLSyntaxError) {
            let composed = try YAMLComposer.compose(text, limits: YAMLLimits())
            root = composed.root
            for duplicate in composed.duplicates {
                let path = duplicate.path.joined(separator: ".")
                context.fault(path, at: duplicate.position, "is given a second time; keep one of them")
            }
        } catch {
            return .failure(
                PolicyFaults([
                    RequestFault("policy", "\(file):\(error.position.line):\(error.position.column): \(error.message)")
                ])
            )
        }
        let start = SourcePosition(line: 1, column: 1)
        let node = root ?? YAMLNode(.mapping([]), at: start)
        let setting = SettingReader(node: node, keyPosition: start, path: "", context: context)
        var book: PolicyBook?
        if case .mapping(let entries) = node.content, let routing = entries.first(where: { $0.key == "routing" }) {
            let reader = SettingReader(
                node: routing.value,
                keyPosition: routing.keyPosition,
                path: "routing",
                context: context
            )
            if let section = reader.section() {
                book = PolicyReader.book(section, providers: providers)
                section.finish()
            }
        } else if let policy = PolicyReader(providers: providers, names: names).policy(Self.name, setting) {
            book = PolicyBook(policies: [Self.name: policy], defaultName: Self.name)
        }
        guard context.faults.isEmpty, let book else {
            return .failure(PolicyFaults(context.allFaults.map { RequestFault("policy", $0.description) }))
        }
        return .success(book)
    }
}

extension YAMLNode {
    /// A JSON value as the reader of settings sees it; nil when it is too large (S4).
    fileprivate init?(_ value: JSONValue, at position: SourcePosition, depth: Int, _ nodes: inout Int) {
        nodes += 1
        guard depth < 16, nodes <= 2000 else { return nil }
        switch value {
        case .null: self.init(.scalar("", plain: true), at: position)
        case .bool(let flag): self.init(.scalar(flag ? "true" : "false", plain: true), at: position)
        case .number(let number): self.init(.scalar(number.description, plain: true), at: position)
        case .string(let text): self.init(.scalar(text, plain: false), at: position)
        case .array(let items):
            var children: [YAMLNode] = []
            for item in items {
                guard let child = YAMLNode(item, at: position, depth: depth + 1, &nodes) else { return nil }
                children.append(child)
            }
            self.init(.sequence(children), at: position)
        case .object(let members):
            var entries: [YAMLEntry] = []
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                guard key.utf8.count <= YAMLLimits().keyBytes,
                    let child = YAMLNode(member, at: position, depth: depth + 1, &nodes)
                else { return nil }
                entries.append(YAMLEntry(key: key, keyPosition: position, value: child))
            }
            self.init(.mapping(entries), at: position)
        }
    }
}
