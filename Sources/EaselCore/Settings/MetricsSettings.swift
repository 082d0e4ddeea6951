/// Who may read `/metrics`.
package struct MetricsSettings: Sendable, Hashable, SettingSection {
    /// Everybody; else it takes an admin's key.
    package var `public` = true

    package init() {}

    package static var settings: [Setting<Self>] {
        [Setting("public", \.`public`, .boolean, "false: /metrics requires an admin key")]
    }
}
