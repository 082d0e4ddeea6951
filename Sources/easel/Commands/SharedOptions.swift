import EaselConfiguration

/// Options that several commands take, with one meaning.
enum SharedOptions {
    static let client: [OptionSpec] = [
        .option(
            "url",
            ValueSpec("URL"),
            default: "$EASEL_URL, or that of the data directory, or http://127.0.0.1:8080",
            "where Easel answers"
        ),
        .option("api-key-file", ValueSpec("FILE", .file), default: "$EASEL_API_KEY", "a file that holds the key"),
        .option("data-dir", ValueSpec("DIR", .folder), default: ".easel", "where a local operator's admin key lies"),
    ]
    static let json = OptionSpec.flag("json", "print JSON")
    static let csv = OptionSpec.flag("csv", "print CSV")
    static let config = OptionSpec.option(
        "config",
        short: "c",
        ValueSpec("FILE", .file),
        default: "easel.yaml",
        "the configuration file"
    )
}
