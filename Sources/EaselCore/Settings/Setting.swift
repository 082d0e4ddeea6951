/// One setting, or one section of some: all that there is to say of it. From here come its reading, the print of the
/// configuration in force, the example, the table in docs/configuration.md, and what a reload leaves as it was.
package struct Setting<Root> {
    package let key: String
    /// Takes it out of a mapping; the default stays where it is not given or has a fault.
    package let read: (any SectionSource, inout Root) -> Void
    /// What is in force, as lines of YAML that are indented by four a level; none where it says nothing.
    package let lines: (Root) -> [String]
    package let example: (Root) -> [ExampleLine]
    package let rows: (Root) -> [SettingRow]
    /// Puts the old value, the first, back into the new one where a change wants a restart; the names of what was put back.
    package let keep: (Root, inout Root) -> [String]

    /// Of something that is read and written in a way of its own.
    package init(
        _ key: String,
        read: @escaping (any SectionSource, inout Root) -> Void = { _, _ in },
        lines: @escaping (Root) -> [String],
        example: @escaping (Root) -> [ExampleLine],
        rows: @escaping (Root) -> [SettingRow] = { _ in [] },
        keep: @escaping (Root, inout Root) -> [String] = { _, _ in [] }
    ) {
        self.key = key
        self.read = read
        self.lines = lines
        self.example = example
        self.rows = rows
        self.keep = keep
    }
}

extension Setting {
    /// A setting with a default.
    ///
    /// `about`: what it is for, a few words; a choice's words stand before it.
    /// `comment`: where the example says it otherwise.
    /// `restarts`: whether a change waits for a restart.
    /// `standard`: the default in words, for the table.
    /// `readApart`: whether its section reads it before the others, because they hang on it.
    /// `shown`: what holds in truth, where that hangs on other settings; nil where it has no meaning then.
    package init<Value: Equatable>(
        _ key: String,
        _ path: WritableKeyPath<Root, Value>,
        _ form: SettingForm<Value>,
        _ about: String,
        comment: String? = nil,
        restarts: Bool = false,
        readApart: Bool = false,
        standard: String? = nil,
        shown: ((Root) -> Value?)? = nil
    ) {
        let said = form.words.isEmpty ? about : "\(form.words.joined(separator: " | ")): \(about)"
        self.init(
            key,
            read: { section, root in
                guard !readApart else { return }
                if let value = section.take(key).flatMap({ form.read($0) }) { root[keyPath: path] = value }
            },
            lines: { root in
                (shown.map { $0(root) } ?? root[keyPath: path]).map { ["\(key): \(form.written($0))"] } ?? []
            },
            example: { root in
                [ExampleLine(text: "\(key): \(form.spelt(root[keyPath: path]))", comment: comment ?? said)]
            },
            rows: { root in
                [
                    SettingRow(
                        path: key,
                        values: form.values,
                        standard: standard ?? form.spelt(root[keyPath: path]),
                        about: about,
                        restarts: restarts
                    )
                ]
            },
            keep: { old, new in
                guard restarts, old[keyPath: path] != new[keyPath: path] else { return [] }
                new[keyPath: path] = old[keyPath: path]
                return [key]
            }
        )
    }

    /// A setting without a default: it may be left out. The example has it commented out, with the value `example`.
    ///
    /// `absent`: what holds where it is left out, for the table.
    /// `shown`: what holds in truth, where that hangs on other settings.
    package init<Value: Equatable>(
        _ key: String,
        _ path: WritableKeyPath<Root, Value?>,
        _ form: SettingForm<Value>,
        example: String,
        _ about: String,
        absent: String = "",
        restarts: Bool = false,
        shown: ((Root) -> Value?)? = nil
    ) {
        self.init(
            key,
            read: { section, root in
                if let value = section.take(key).flatMap({ form.read($0) }) { root[keyPath: path] = value }
            },
            lines: { root in
                (shown.map { $0(root) } ?? root[keyPath: path]).map { ["\(key): \(form.written($0))"] } ?? []
            },
            example: { _ in
                [ExampleLine(text: "\(key): \(example)", comment: about, isOff: true)]
            },
            rows: { _ in
                [SettingRow(path: key, values: form.values, standard: absent, about: about, restarts: restarts)]
            },
            keep: { old, new in
                guard restarts, old[keyPath: path] != new[keyPath: path] else { return [] }
                new[keyPath: path] = old[keyPath: path]
                return [key]
            }
        )
    }

    /// A mapping with settings of its own.
    ///
    /// `isOff`: whether the example has it commented out, because without it another thing holds.
    /// `standsApart`: whether a blank line parts it from what is before it in the example.
    /// `restarts`: whether any change of it waits for a restart.
    package static func section<Section: SettingSection>(
        _ key: String,
        _ path: WritableKeyPath<Root, Section>,
        _ about: String = "",
        isOff: Bool = false,
        standsApart: Bool = true,
        restarts: Bool = false
    ) -> Self {
        Self(
            key,
            read: { source, root in source.section(key) { root[keyPath: path].read($0) } },
            lines: { root in
                let inner = Section.settings.flatMap { $0.lines(root[keyPath: path]) }
                return inner.isEmpty ? [] : ["\(key):"] + inner.map { "    " + $0 }
            },
            example: { root in
                let head = ExampleLine(text: "\(key):", comment: about, isOff: isOff, standsApart: standsApart)
                let inner = Section.settings.flatMap { $0.example(root[keyPath: path]) }
                return [head] + inner.map { $0.indented(isOff: isOff) }
            },
            rows: { root in
                Section.settings.flatMap { $0.rows(root[keyPath: path]) }.map { $0.under(key, restarts: restarts) }
            },
            keep: { old, new in
                guard restarts else {
                    return Section.settings.flatMap { $0.keep(old[keyPath: path], &new[keyPath: path]) }
                        .map { "\(key).\($0)" }
                }
                guard old[keyPath: path] != new[keyPath: path] else { return [] }
                new[keyPath: path] = old[keyPath: path]
                return [key]
            }
        )
    }
}

/// Settings that stand together in one mapping.
package protocol SettingSection: Equatable {
    /// In the order in which they are listed wherever that is.
    static var settings: [Setting<Self>] { get }
    /// What they must be to one another, when all have been read.
    mutating func settle(_ section: some SectionSource)
}

extension SettingSection {
    package mutating func settle(_ section: some SectionSource) {}

    package mutating func read(_ section: some SectionSource) {
        for setting in Self.settings { setting.read(section, &self) }
        settle(section)
    }
}

/// One line of the table of settings.
package struct SettingRow: Sendable, Hashable {
    /// `limits.image_bytes`.
    package var path: String
    package var values: String
    /// As YAML; empty where there is none.
    package var standard: String
    package var about: String
    /// Whether a change waits for a restart.
    package var restarts: Bool

    package init(path: String, values: String, standard: String, about: String, restarts: Bool) {
        self.path = path
        self.values = values
        self.standard = standard
        self.about = about
        self.restarts = restarts
    }

    package func under(_ key: String, restarts: Bool = false) -> Self {
        var row = self
        row.path = "\(key).\(path)"
        row.restarts = row.restarts || restarts
        return row
    }
}

/// One line of the example of a configuration.
package struct ExampleLine: Sendable, Hashable {
    /// Where comments begin; a longer line has its comment at the second.
    private static let stops = [35, 49]

    package var text: String
    package var comment: String
    /// In twos of blanks.
    package var level = 0
    /// The level at which it is commented out; nil: it holds.
    package var offLevel: Int?
    /// Whether a blank line stands before it.
    package var standsApart = false

    package init(text: String, comment: String = "", isOff: Bool = false, standsApart: Bool = false) {
        self.text = text
        self.comment = comment
        self.standsApart = standsApart
        offLevel = isOff ? 0 : nil
    }

    /// One level deeper, below a line that may be commented out as a whole.
    package func indented(isOff: Bool = false) -> Self {
        var line = self
        line.level += 1
        line.offLevel = isOff ? 0 : line.offLevel.map { $0 + 1 }
        return line
    }

    package var rendered: String {
        let blanks = { (count: Int) in String(repeating: "  ", count: count) }
        var line =
            offLevel.map { blanks($0) + "# " + blanks(level - $0) + text } ?? blanks(level) + text
        if !comment.isEmpty {
            let stop = Self.stops.first { $0 > line.count } ?? line.count + 2
            line += String(repeating: " ", count: stop - line.count) + "# " + comment
        }
        return standsApart ? "\n" + line : line
    }
}
