/// What the HTTP interface's words are called on the command line: who typed `--since` has never seen a `from`.
///
/// Every fault that the server finds passes through here, so no command can show another spelling.
package struct WireNames: Sendable {
    /// The options and arguments of the command, as its spec names them.
    private let known: Set<String>
    /// Where the entries of a list come from, such as a line of a file; nil when the command line itself has them.
    private var place: (@Sendable (Int) -> String)?

    init(known: Set<String>) {
        self.known = known
    }

    /// Of a program that has no command line of its own: names stay as they are.
    package static let none = WireNames(known: [])

    /// The same names for a request whose list was read from a file: faults name the entry's place there.
    package func placing(_ place: @escaping @Sendable (Int) -> String) -> WireNames {
        var names = self
        names.place = place
        return names
    }

    /// Spellings that differ by more than a dash or capitals; the first that the command has is meant.
    static let table: [String: [String]] = [
        "after": ["since"], "before_from": ["before-since"], "before_to": ["before-until"],
        "by_images": ["by-images"], "by_usd": ["by"], "cost_usd": ["csv"],
        "character_reference": ["character"], "character_reference_images": ["character-reference"],
        "character_reference_masks": ["character-mask"], "destinations": ["DESTINATION"],
        "effective_from": ["from"], "events": ["EVENT"], "expires_at": ["expires"], "from": ["since"],
        "group_by": ["by"], "height": ["size"], "limit_images": ["images"], "limit_usd": ["limit"],
        "max_cost_usd": ["max-cost"], "name": ["NAME"], "output.format": ["format"], "output.quality": ["quality"],
        "output": ["format"], "rendering_speed": ["speed"], "rows": ["csv"],
        "style_reference_images": ["style-reference"],
        "tag_name": ["tag"], "tag_value": ["tag"], "tags": ["tag"], "timezone": ["tz"], "to": ["until"],
        "usd_per_image": ["USD"], "width": ["size"],
    ]

    /// `--since` of `from`; nil where the command has nothing of the kind.
    package func name(of parameter: String) -> String? {
        let bare = parameter.prefix { $0 != "[" }
        let plain = parameter.replacing("_", with: "-")
        var candidates = Self.table[parameter] ?? []
        candidates += [plain, parameter.uppercased()]
        if bare.count < parameter.count { candidates += Self.table[String(bare)] ?? [String(bare)] }
        if parameter.hasPrefix("tags.") { candidates.append("tag") }
        guard let found = candidates.first(where: { known.contains($0) }) else { return nil }
        return found.first?.isUppercase == true ? found : "--\(found)"
    }

    /// A fault in the words of the command line: `--since is not a time that is understood; ...`.
    package func sentence(_ parameter: String, _ message: String) -> String {
        let (entry, member) = Self.split(parameter)
        if let place, let entry {
            // What stands in a file keeps the names of the file.
            return "\(place(entry)): \(member.map { "\($0) " } ?? "")\(relined(message, place))"
        }
        let name = name(of: member ?? parameter) ?? parameter
        let text = inWords(message)
        // Most messages go on from the name; one that begins with a place of its own does not.
        let goesOn = text.prefix { $0 != " " }.allSatisfy { $0.isLetter && $0.isLowercase }
        return goesOn ? "\(name) \(text)" : "\(name): \(text)"
    }

    /// `3` and `usd_per_image` of `prices[3].usd_per_image`.
    private static func split(_ parameter: String) -> (entry: Int?, member: String?) {
        guard let open = parameter.firstIndex(of: "["), let close = parameter.firstIndex(of: "]"), open < close,
            let entry = Int(parameter[parameter.index(after: open)..<close])
        else { return (nil, nil) }
        let rest = parameter[parameter.index(after: close)...]
        return (entry, rest.hasPrefix(".") ? String(rest.dropFirst()) : nil)
    }

    /// Names of the interface inside a message, where they cannot be anything else.
    private func inWords(_ message: String) -> String {
        // How a URL spells a time is no concern of somebody who wrote none.
        var text = message.replacing(" (a + in a URL as %2B)", with: "")
        text = text.replacing("tag_name with tag_value", with: "tag_name")
        text = text.replacing(#/; there are ([^ ,]+)$/#) { "; there is only \($0.1)" }
        if known.contains("until") {
            for word in ["to", "until"] {
                text = text.replacing("before \(word) (", with: "before --until (")
                text = text.replacing("days before \(word);", with: "days before --until;")
            }
        }
        return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            let bare = word.trimmingPrefix("`").prefix { $0.isLowercase || $0 == "_" }
            guard bare.contains("_"), let name = name(of: String(bare)) else { return String(word) }
            return String(word).replacing(bare, with: name)
        }
        .joined(separator: " ")
    }

    /// `line 0` counts entries of the request; people count lines of their file.
    private func relined(_ message: String, _ place: (Int) -> String) -> String {
        message.replacing(#/\bline (\d+)/#) { match in Int(match.1).map(place) ?? String(match.0) }
    }
}
