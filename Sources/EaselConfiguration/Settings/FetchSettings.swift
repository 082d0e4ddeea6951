/// What the gateway itself downloads: source images by URL, result links (S3).
package struct FetchSettings: Sendable, Hashable {
    /// Of one download.
    package var maxBytes = 10 * 1_048_576
    /// Of one download, redirects included.
    package var timeout = Duration.seconds(20)
    /// Private ranges that it may reach all the same.
    package var allowNetworks: [IPNetwork] = []

    package init() {}
}

extension FetchSettings {
    mutating func read(_ section: SectionReader) {
        section.read("max_bytes", into: &maxBytes) { $0.byteSize(in: 1024...1_073_741_824) }
        section.read("timeout", into: &timeout) { $0.duration(in: .milliseconds(100)...(.seconds(600))) }
        section.read("allow_networks", into: &allowNetworks) { $0.networks() }
    }
}
