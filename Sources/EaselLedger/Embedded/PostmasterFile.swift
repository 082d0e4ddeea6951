import EaselBase
import Foundation

/// `postmaster.pid`, by which a running server holds its cluster: pid, directory, start time, port, socket directory,
/// ...
struct PostmasterFile {
    let path: String
    let pid: pid_t
    let socketDirectory: String?

    init?(cluster: String) {
        path = cluster + "/postmaster.pid"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let pid = pid_t(first.trimmingCharacters(in: .whitespaces)), pid > 0 else {
            return nil
        }
        self.pid = pid
        socketDirectory = lines.count > 4 ? String(lines[4]) : nil
    }

    /// Whether some process has the number.
    var isAlive: Bool { kill(pid, 0) == 0 || errno == EPERM }

    /// Whether the process is the server of this cluster and no stranger who got the number later: a server's working
    /// directory is its cluster.
    func isServer(of cluster: String) -> Bool {
        guard isAlive, let resolved = realpath(cluster, nil) else { return false }
        defer { free(resolved) }
        let directory = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
        let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
        return directory == String(cString: resolved)
            && (program as NSString?)?.lastPathComponent.hasPrefix("postgres") == true
    }

    /// Puts a number into the file that no process can have, after a stranger got the old one. The file itself stays,
    /// for by its other lines the server finds out whether processes of the dead one still use the cluster's memory.
    func forgetStranger() {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let end = text.firstIndex(of: "\n")
        else { return }
        // The largest pid that Linux gives is one less. In place, so that the file keeps its owner.
        try? OutputFile.write(Array(("4194304" + text[end...]).utf8), to: path, mode: 0o600)
    }
}
