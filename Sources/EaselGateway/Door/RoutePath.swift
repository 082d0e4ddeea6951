/// The template of a path, such as `/v1/calls/{id}`: what is in braces stands for any one segment.
struct RoutePath: Sendable, Hashable, CustomStringConvertible {
    enum Segment: Sendable, Hashable {
        case word(String)
        case any(name: String)
    }

    let description: String
    let segments: [Segment]

    init(_ text: String) {
        description = text
        segments = text.split(separator: "/").map { part in
            part.hasPrefix("{") && part.hasSuffix("}")
                ? .any(name: String(part.dropFirst().dropLast())) : .word(String(part))
        }
    }

    /// The names in braces, in order.
    var names: [String] {
        segments.compactMap { if case .any(let name) = $0 { name } else { nil } }
    }

    /// What stands where the template has braces; nil for another path.
    func match(_ parts: [Substring]) -> [String]? {
        guard parts.count == segments.count else { return nil }
        var values: [String] = []
        for (segment, part) in zip(segments, parts) {
            switch segment {
            case .word(let word): if part != word { return nil }
            case .any: values.append(String(part))
            }
        }
        return values
    }

    /// Of two templates that match one path, whether this is the one that names more of it, from the left.
    func isNarrower(than other: RoutePath) -> Bool {
        for (mine, theirs) in zip(segments, other.segments) {
            switch (mine, theirs) {
            case (.word, .any): return true
            case (.any, .word): return false
            default: continue
            }
        }
        return false
    }
}
