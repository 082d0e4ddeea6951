import EaselBase
import Foundation

/// The data directory: images, keys, prompts in the journal. Only the user that Easel runs as may look into it.
enum DataFolder {
    /// What lies there, apart from the database, which belongs to its own server.
    private static let entries = [
        "admin-key", "team-key", "artifact-secret", "artifacts", "journal", "gateway.lock", "postgres.lock",
        "postgres-start.lock", "postgres-location", "example.jpg", "demo", "demo-data",
    ]

    /// Makes it where it is missing, and makes sure that everything this process writes from here on is its user's alone.
    static func prepare(_ path: String) throws {
        try PrivateFiles.makeFolder(path)
        // Also for files that libraries make, and for those of child processes.
        umask(0o077)
    }

    /// Closes what an earlier version, or a copy of the folder, left open, and says so. Blocking.
    static func mend(_ path: String, log: Log) {
        let open = PrivateFiles.close(path, entries: entries)
        guard let first = open.first else { return }
        log.warning(
            "files in data_dir were readable by other users of this machine; they no longer are",
            ["paths": String(open.count), "first": first]
        )
    }
}
