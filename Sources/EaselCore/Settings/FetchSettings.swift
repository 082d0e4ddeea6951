/// What the gateway itself downloads: source images by URL, result links (S3).
package struct FetchSettings: Sendable, Hashable, SettingSection {
    /// Of one download.
    package var maxBytes = 10 * 1_048_576
    /// Of one download, redirects included.
    package var timeout = Duration.seconds(20)
    /// Private ranges that it may reach all the same.
    package var allowNetworks: [IPNetwork] = []

    package init() {}

    package static var settings: [Setting<Self>] {
        [
            Setting("max_bytes", \.maxBytes, .size(1024...1_073_741_824), "one download"),
            Setting(
                "timeout",
                \.timeout,
                .duration(.milliseconds(100)...(.seconds(600))),
                "one download, redirects included"
            ),
            Setting(
                "allow_networks",
                \.allowNetworks,
                .networks,
                "private ranges it may reach anyway, e.g. [127.0.0.0/8]"
            ),
        ]
    }
}
