import EaselCore

/// Reads the settings of one mapping, remembers which ones were asked for, and names the others as unknown.
///
/// A class, because the asked keys gather while settings are read. It lives and dies inside one call of `parse`.
final class SectionReader: SectionSource {
    let path: String
    let position: SourcePosition
    let context: ReadingContext
    private let entries: [YAMLEntry]
    private let places: [String: Int]
    private var asked: [String] = []

    init(entries: [YAMLEntry], path: String, position: SourcePosition, context: ReadingContext) {
        self.entries = entries
        places = Dictionary(entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
        self.path = path
        self.position = position
        self.context = context
    }

    /// The setting of that name; nil when it is not given, or given without a value (which is a fault).
    func take(_ key: String) -> SettingReader? {
        asked.append(key)
        guard let entry = places[key].map({ entries[$0] }) else { return nil }
        let setting = reader(entry)
        guard !entry.value.isNull else {
            context.fault(setting.path, at: entry.keyPosition, "has no value; give it one or remove the line")
            return nil
        }
        return setting
    }

    /// Whether the key stands in the file, with a value or without.
    func has(_ key: String) -> Bool { places[key] != nil }

    /// The setting of that name, whose absence is a fault: `why` says what it is for.
    func required(_ key: String, _ why: String) -> SettingReader? {
        if !has(key) { context.fault(path(of: key), at: position, "is missing; \(why)") }
        return take(key)
    }

    /// Sets `target` when the key is given and its value is sound; the default stays otherwise.
    func read<Value>(_ key: String, into target: inout Value, _ decode: (SettingReader) -> Value?) {
        if let setting = take(key), let value = decode(setting) { target = value }
    }

    /// Reads the mapping under `key`, when it is given, and names its unknown keys.
    func section(_ key: String, _ body: (SectionReader) -> Void) {
        guard let section = take(key)?.section() else { return }
        body(section)
        section.finish()
    }

    /// Every entry of a mapping whose keys are names of the operator's choice.
    func named() -> [(name: String, setting: SettingReader)] {
        entries.map { ($0.key, reader($0)) }
    }

    /// Where the key of a setting stands, or the section when it is not given.
    func keyPosition(_ key: String) -> SourcePosition {
        places[key].map { entries[$0].keyPosition } ?? position
    }

    /// Records a fault of the section itself.
    func fault(_ message: String) { context.fault(path, at: position, message) }

    /// Records a fault of one of its settings.
    func fault(_ key: String, _ message: String) {
        context.fault(path(of: key), at: keyPosition(key), message)
    }

    /// To be called when everything has been asked for: what was not is unknown.
    func finish() {
        let known = Set(asked)
        let unknown = entries.filter { !known.contains($0.key) }
        if unknown.isEmpty { return }
        let free = asked.filter { !has($0) }
        let list = asked.joined(separator: ", ")
        for entry in unknown {
            let hint = context.guess(entry.key, among: free)
            context.fault(
                path(of: entry.key),
                at: entry.keyPosition,
                hint.map { "is not a known setting; did you mean \($0)?" }
                    ?? "is not a known setting; remove it (known here: \(list))"
            )
        }
    }

    private func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private func reader(_ entry: YAMLEntry) -> SettingReader {
        SettingReader(node: entry.value, keyPosition: entry.keyPosition, path: path(of: entry.key), context: context)
    }
}
