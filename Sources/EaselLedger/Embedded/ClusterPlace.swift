import EaselBase
import Foundation

/// Where the cluster of a data directory lives: inside it, or elsewhere when the server's user may not enter it.
struct ClusterPlace {
    /// Absolute, links resolved.
    let dataDirectory: String
    /// PostgreSQL's own directory.
    let cluster: String
    let user: ServerUser
    /// Twelve hexadecimal digits that name this data directory elsewhere.
    let tag: String

    /// Beside the cluster when it lives elsewhere, so that the next start finds it.
    private static let noteName = "postgres-location"

    init(dataDirectory given: String, log: Log) throws(EmbeddedPostgres.Failure) {
        do {
            try PrivateFiles.makeFolder(given)
        } catch {
            throw EmbeddedPostgres.Failure(description: "the data directory \(given) cannot be made")
        }
        guard let resolved = realpath(given, nil) else {
            throw EmbeddedPostgres.Failure(description: "the data directory \(given) cannot be entered")
        }
        dataDirectory = String(cString: resolved)
        free(resolved)
        tag = String(Hex.encode(Crypto.sha256(Array(dataDirectory.utf8))).prefix(12))

        let note = dataDirectory + "/" + Self.noteName
        let noted = (try? String(contentsOfFile: note, encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let inside = dataDirectory + "/postgres"
        // The note may be older than a cluster that was moved back by hand, so it counts only where it leads somewhere.
        let existing = [noted, inside].compactMap(\.self).first { Self.isCluster($0) }
        if let existing {
            cluster = existing
            user = try Self.owner(of: existing)
            if existing == inside { _ = user.admit(to: dataDirectory) }
            return
        }
        user = try ServerUser.preferred()
        if user.isOurselves || user.admit(to: dataDirectory) {
            cluster = inside
        } else {
            cluster = try Self.elsewhere(tag: tag, log: log)
            do {
                try (cluster + "\n").write(toFile: note, atomically: true, encoding: .utf8)
            } catch {
                throw EmbeddedPostgres.Failure(description: "\(note) cannot be written")
            }
            log.info("the server's user cannot enter the data directory", ["cluster": cluster])
        }
    }

    /// Whether a data directory has a cluster already; nothing is made.
    static func hasCluster(dataDirectory: String) -> Bool {
        let noted = (try? String(contentsOfFile: dataDirectory + "/" + noteName, encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return [noted, dataDirectory + "/postgres"].compactMap(\.self).contains { isCluster($0) }
    }

    private static func isCluster(_ path: String) -> Bool {
        access(path + "/PG_VERSION", F_OK) == 0
    }

    private static func owner(of path: String) throws(EmbeddedPostgres.Failure) -> ServerUser {
        var info = stat()
        guard stat(path, &info) == 0 else {
            throw EmbeddedPostgres.Failure(description: "the PostgreSQL cluster \(path) cannot be read")
        }
        return ServerUser(uid: info.st_uid, gid: info.st_gid)
    }

    /// A directory for state that outlives a restart of the machine, or, where there is none, one that may not.
    private static func elsewhere(tag: String, log: Log) throws(EmbeddedPostgres.Failure) -> String {
        for base in ["/var/lib/easel", "/tmp/easel"] {
            let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
            try? FileManager.default.createDirectory(
                atPath: base,
                withIntermediateDirectories: true,
                attributes: attributes
            )
            var info = stat()
            // Lying in a directory of somebody else, the cluster could be swapped for another.
            guard lstat(base, &info) == 0, info.st_mode & S_IFMT == S_IFDIR, info.st_uid == geteuid(),
                access(base, W_OK) == 0
            else { continue }
            if base.hasPrefix("/tmp/") {
                log.warning("the PostgreSQL cluster lies in a temporary directory", ["directory": base])
            }
            return base + "/" + tag
        }
        throw EmbeddedPostgres.Failure(
            description: "there is no place for the PostgreSQL cluster; choose a data_dir that user postgres can enter"
        )
    }
}
