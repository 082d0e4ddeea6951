import EaselBase
import EaselCore

extension Configuration {
    /// The section of providers: names of the operator's choice, each with the settings of one.
    static func providerSettings(_ profiles: [ProviderProfile]) -> Setting<Configuration> {
        let settings = ProviderSettings.settings(profiles)
        return Setting(
            "providers",
            lines: { root in
                ["providers:"]
                    + root.providers.flatMap { provider in
                        ["    \(SettingText.quoted(provider.name)):"]
                            + settings.flatMap { $0.lines(provider) }.map { "        " + $0 }
                    }
            },
            example: { _ in
                let note = "several of one kind are allowed, such as two accounts"
                return [ExampleLine(text: "providers:", comment: note, standsApart: true)] + example(profiles, settings)
            },
            rows: { _ in
                let ofItsKind: Set = ["kind", "base_url", "max_in_flight"]
                guard let profile = profiles.first else { return [] }
                return settings.flatMap { $0.rows(ProviderSettings(name: "", profile: profile, apiKey: Secret(""))) }
                    .map { row in
                        var row = row
                        if ofItsKind.contains(row.path) { row.standard = row.path == "kind" ? "" : "its kind's" }
                        return row.under("NAME").under("providers")
                    }
            }
        )
    }

    /// One provider of each kind. What is said of all is said once; what is left out by most stands at the last.
    private static func example(
        _ profiles: [ProviderProfile],
        _ settings: [Setting<ProviderSettings>]
    ) -> [ExampleLine] {
        var said: Set<String> = []
        var lines: [ExampleLine] = []
        for (index, profile) in profiles.enumerated() {
            let provider = ProviderSettings(name: profile.kind.rawValue, profile: profile, apiKey: Secret(""))
            lines.append(ExampleLine(text: "\(provider.name):").indented())
            for line in settings.flatMap({ $0.example(provider) })
            where line.offLevel == nil || index == profiles.count - 1 {
                var line = line
                if !said.insert(line.comment).inserted { line.comment = "" }
                lines.append(line.indented().indented())
            }
        }
        return lines
    }

    /// Reads one entry of `providers`; nil when a fault leaves nothing to build.
    static func provider(
        name: String,
        _ setting: SettingReader,
        _ profiles: [ProviderProfile]
    ) -> ProviderSettings? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        let kinds = profiles.map(\.kind.rawValue)
        let kind = section.required("kind", "set which API it speaks: \(kinds.joined(separator: " or "))")?
            .choice(kinds)
        let apiKey = section.required("api_key", "write `${NAME}` or `{ file: PATH }`")?.secret()
        // Without a kind the other settings are read all the same, so that their faults are told too.
        guard let profile = profiles.first(where: { $0.kind.rawValue == kind }) ?? profiles.first else { return nil }
        var settings = ProviderSettings(name: name, profile: profile, apiKey: apiKey ?? Secret(""))
        settings.read(section, profiles)
        if kinds.contains(name), let kind, name != kind {
            section.fault("is the name of another kind, whose prices would be used; choose another name")
        }
        return kind != nil && apiKey != nil ? settings : nil
    }
}
