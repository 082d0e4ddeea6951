import Foundation

/// Files and folders that nobody but their owner may read: folders 0700, files 0600.
package enum PrivateFiles {
    /// Why a folder cannot be made, in the system's own words.
    package struct Failure: Error, Explained {
        /// The act, the path and the system's reason.
        package let sentence: String
    }

    /// Makes a folder, and those above it, which others may enter as usual, where they are missing. What is there already
    /// is left as it is.
    package static func makeFolder(_ path: String) throws(Failure) {
        if FileManager.default.fileExists(atPath: path) { return }
        let above = (path as NSString).deletingLastPathComponent
        if !above.isEmpty {
            // Should it fail, so does the next step, with the reason.
            try? FileManager.default.createDirectory(atPath: above, withIntermediateDirectories: true)
        }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw Failure(sentence: "the folder \(path) cannot be made: \(String(cString: strerror(errno)))")
        }
    }

    /// Takes from everybody else what they may do with these entries of a folder, with all that lies in them, and with
    /// the folder itself.
    ///
    /// Links are not followed. What belongs to another user (a database server's cluster) is left to that user, and a
    /// folder that holds it may still be walked through by its group. Returns the paths that were open. Blocking.
    package static func close(_ folder: String, entries: [String]) -> [String] {
        var closed: [String] = []
        close(folder, only: entries, &closed)
        return closed
    }

    private static func close(_ path: String, only entries: [String]?, _ closed: inout [String]) {
        var info = stat()
        guard lstat(path, &info) == 0, info.st_uid == geteuid() else { return }
        var kept: mode_t = 0o700
        switch info.st_mode & S_IFMT {
        case S_IFREG, S_IFSOCK: break
        case S_IFDIR:
            for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
                var child = stat()
                if lstat(path + "/" + name, &child) == 0, child.st_uid != geteuid() { kept = 0o710 }
                if entries?.contains(name) != false { close(path + "/" + name, only: nil, &closed) }
            }
        default: return
        }
        let mode = info.st_mode & 0o7777
        if mode & 0o077 & ~kept != 0, chmod(path, mode & (kept | 0o7000)) == 0 { closed.append(path) }
    }
}
