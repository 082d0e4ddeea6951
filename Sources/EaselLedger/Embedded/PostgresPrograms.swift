import EaselBase
import Foundation

/// The directory with `initdb`, `pg_ctl` and `postgres`.
struct PostgresPrograms {
    let directory: String

    /// Looks where pg_config says, in Debian's directories and on PATH; the newest of version 15 or later, or the one
    /// version that an existing cluster was made with.
    static func find(forCluster version: Int?) throws(EmbeddedPostgres.Failure) -> PostgresPrograms {
        var found: [(version: Int, directory: String)] = []
        for directory in candidates() where access(directory + "/initdb", X_OK) == 0 {
            if access(directory + "/pg_ctl", X_OK) == 0, let version = Self.version(in: directory) {
                found.append((version, directory))
            }
        }
        if let version {
            guard let match = found.first(where: { $0.version == version }) else {
                throw EmbeddedPostgres.Failure(
                    description: "the cluster was made by PostgreSQL \(version), whose programs are not installed"
                )
            }
            return PostgresPrograms(directory: match.directory)
        }
        guard let newest = found.filter({ $0.version >= 15 }).max(by: { $0.version < $1.version }) else {
            throw EmbeddedPostgres.Failure(
                description: "PostgreSQL 15 or later was not found; install postgresql-15 or set database.url"
            )
        }
        return PostgresPrograms(directory: newest.directory)
    }

    func path(_ program: String) -> String { directory + "/" + program }

    private static func candidates() -> [String] {
        var directories: [String] = []
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map(
            String.init
        )
        for directory in path where access(directory + "/pg_config", X_OK) == 0 {
            if let answer = try? ChildProcess.run([directory + "/pg_config", "--bindir"]) {
                directories.append(answer.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        let debian = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
        directories += versions.map { "\(debian)/\($0)/bin" }
        return directories + path
    }

    /// The major version: `postgres (PostgreSQL) 15.20 (Debian ...)`.
    private static func version(in directory: String) -> Int? {
        guard let text = try? ChildProcess.run([directory + "/postgres", "--version"]) else { return nil }
        return text.split(separator: " ").compactMap { Int($0.prefix { $0.isASCIIDigit }) }.first
    }
}
