import EaselBase
package import EaselCore
import Foundation

extension Configuration {
    /// Reads and validates a configuration file; `kinds` are the kinds of providers that there may be.
    ///
    /// - Throws: every fault of it at once.
    package static func load(
        path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        kinds: [ProviderProfile]
    ) throws(ConfigurationError) -> Configuration {
        try parse(text: try contents(of: path), file: path, environment: environment, kinds: kinds)
    }

    /// Where a configuration keeps its data, for whoever only looks at that: faults of other sections, such as a provider's key
    /// that this environment does not have, hinder nobody.
    ///
    /// - Throws: every fault of the file's form, and of these two settings.
    package static func dataPlace(
        path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        kinds: [ProviderProfile]
    ) throws(ConfigurationError) -> DataPlace {
        let text = try contents(of: path)
        let (configuration, faults) = try read(text: text, file: path, environment: environment, kinds: kinds)
        let own = faults.filter { fault in
            fault.keyPath.isEmpty || fault.keyPath == "data_dir" || fault.keyPath.hasPrefix("database")
        }
        guard own.isEmpty else { throw ConfigurationError(faults: own) }
        return DataPlace(database: configuration.database, dataDirectory: configuration.dataDirectory)
    }

    /// A file's text.
    private static func contents(of path: String) throws(ConfigurationError) -> String {
        let bytes: [UInt8]
        do throws(InputFile.Failure) {
            bytes = try InputFile.bytes(path, atMost: YAMLLimits().bytes)
        } catch {
            let mend =
                error.cause.code == ENOENT
                ? "`easel config example > \(path)` writes one, and -c names another"
                : "name a configuration file that this user may read"
            throw ConfigurationError(path, nil, "cannot be read (\(error.cause.sentence)); \(mend)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(path, nil, "is not text in UTF-8; save it as such")
        }
        return text
    }

    /// Validates a configuration's text; `file` is the name that faults are reported under.
    ///
    /// - Throws: every fault of it at once.
    package static func parse(
        text: String,
        file: String,
        environment: [String: String],
        kinds: [ProviderProfile]
    ) throws(ConfigurationError) -> Configuration {
        let (configuration, faults) = try read(text: text, file: file, environment: environment, kinds: kinds)
        guard faults.isEmpty else { throw ConfigurationError(faults: faults) }
        return configuration
    }

    /// What could be read of it, and everything that is wrong with it.
    ///
    /// - Throws: where it has no form at all.
    private static func read(
        text: String,
        file: String,
        environment: [String: String],
        kinds: [ProviderProfile]
    ) throws(ConfigurationError) -> (Configuration, [ConfigurationFault]) {
        let context = ReadingContext(file: file, environment: environment)
        let root: YAMLNode?
        do throws(YAMLSyntaxError) {
            let composed = try YAMLComposer.compose(text, limits: YAMLLimits())
            root = composed.root
            for duplicate in composed.duplicates {
                context.fault(
                    duplicate.keyPath,
                    at: duplicate.position,
                    "is given a second time; keep this one or the one on line \(duplicate.firstLine)"
                )
            }
        } catch {
            throw ConfigurationError(file, error.position, error.message)
        }
        let start = SourcePosition(line: 1, column: 1)
        let node = root ?? YAMLNode(.mapping([]), at: start)
        guard case .mapping(let entries) = node.content else {
            throw ConfigurationError(file, node.position, "wants settings as `key: value` lines")
        }
        let section = SectionReader(entries: entries, path: "", position: start, context: context)
        var configuration = Configuration(section, kinds)
        configuration.tracing.complete(from: environment) { context.fault("tracing", at: nil, $0) }
        return (configuration, context.allFaults)
    }

    private init(_ root: SectionReader, _ profiles: [ProviderProfile]) {
        let given = root.required("providers", "add at least one provider")
        let entries = given?.section()?.named() ?? []
        if given?.isEmptyMapping == true { given?.fault("holds no provider; add at least one") }
        var providers: [ProviderSettings] = []
        for (name, setting) in entries {
            Names.check(name, setting, of: "provider")
            if let provider = Self.provider(name: name, setting, profiles) { providers.append(provider) }
        }
        self.init(providers: providers)
        let names = entries.map(\.name)
        policies = PolicyReader.builtIn(providers: names)
        root.section("routing") { policies = PolicyReader.book($0, providers: names) }
        for setting in Self.settings(profiles) { setting.read(root, &self) }
        root.section("alerts") { alerts.read($0) }
        root.finish()
    }
}

/// Where data lies: a database, or the embedded one of a directory.
package struct DataPlace: Sendable {
    package let database: DatabaseSettings
    package let dataDirectory: String

    package init(database: DatabaseSettings, dataDirectory: String) {
        self.database = database
        self.dataDirectory = dataDirectory
    }
}

extension ConfigurationError {
    fileprivate init(_ file: String, _ position: SourcePosition?, _ message: String) {
        self.init(faults: [ConfigurationFault(file: file, position: position, keyPath: "", message: message)])
    }
}

extension SettingReader {
    fileprivate var isEmptyMapping: Bool {
        if case .mapping(let entries) = node.content { entries.isEmpty } else { false }
    }
}

extension YAMLDuplicateKey {
    fileprivate var keyPath: String {
        path.reduce("") { $1.hasPrefix("[") || $0.isEmpty ? $0 + $1 : "\($0).\($1)" }
    }
}
