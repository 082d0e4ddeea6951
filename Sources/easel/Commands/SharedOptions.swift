import EaselConfiguration
import EaselCore

/// Options that several commands take, with one meaning.
enum SharedOptions {
    static let client: [OptionSpec] = [
        .option(
            "url",
            ValueSpec("URL"),
            default: "$EASEL_URL, or that of the data directory, or http://127.0.0.1:8080",
            "Easel's address"
        ),
        .option("api-key-file", ValueSpec("FILE", .file), default: "$EASEL_API_KEY", "a file with the key"),
        .option(
            "data-dir",
            ValueSpec("DIR", .folder),
            default: ".easel",
            "the directory with the operator's admin key"
        ),
    ]
    /// Forms of output: one at a time.
    static let json = OptionSpec.flag("json", "print JSON").excluding("csv", "md", "ndjson", "focus", "define")
    static let csv = OptionSpec.flag("csv", "print CSV").excluding("json", "md", "ndjson", "focus", "define")
    static let config = OptionSpec.option(
        "config",
        short: "c",
        ValueSpec("FILE", .file),
        default: "easel.yaml",
        "the configuration file"
    )
    /// Where a stretch of time begins and ends.
    static let since = ValueSpec("WHEN", .moment(words: ["today", "month", "now"], ago: true))
    /// The same where days of a calendar mean nothing.
    static let past = ValueSpec("WHEN", .moment(ago: true))
    static let zone = ValueSpec("ZONE", .zone)
    static let model = ValueSpec(
        "MODEL",
        .checked(wanted: "one of \(RemixModel.knownNames.joined(separator: ", "))") { RemixModel(alias: $0) != nil }
    )
}
