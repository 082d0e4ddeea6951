import Foundation

/// The user that PostgreSQL's programs run as. The server refuses to run as root.
struct ServerUser: Hashable {
    let uid: uid_t
    let gid: gid_t

    /// This process's own user; for root the user `postgres`, which Debian's package makes.
    static func preferred() throws(EmbeddedPostgres.Failure) -> ServerUser {
        guard geteuid() == 0 else { return ServerUser(uid: geteuid(), gid: getegid()) }
        guard let entry = getpwnam("postgres") else {
            throw EmbeddedPostgres.Failure(
                description: "PostgreSQL does not run as root and there is no user postgres; install postgresql-15"
            )
        }
        return ServerUser(uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid)
    }

    var isOurselves: Bool { uid == geteuid() }

    /// What goes before a command line so that it runs as this user. `setpriv` needs neither a login shell nor PAM.
    func prefix() throws(EmbeddedPostgres.Failure) -> [String] {
        if isOurselves { return [] }
        guard geteuid() == 0 else {
            throw EmbeddedPostgres.Failure(
                description: "the PostgreSQL cluster belongs to user \(uid); start as that user or as root"
            )
        }
        for setpriv in ["/usr/bin/setpriv", "/bin/setpriv"] where access(setpriv, X_OK) == 0 {
            return [
                setpriv, "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", "--inh-caps=-all", "--no-new-privs",
                "--",
            ]
        }
        throw EmbeddedPostgres.Failure(description: "setpriv (package util-linux) is needed to drop root's rights")
    }

    /// Lets this user walk through a directory of ours that is closed to everybody else, by its group. False when the
    /// directory lies where this user cannot come to.
    func admit(to path: String) -> Bool {
        if isOurselves { return true }
        guard canEnter((path as NSString).deletingLastPathComponent) else { return false }
        var info = stat()
        guard stat(path, &info) == 0, info.st_uid == geteuid() else { return canEnter(path) }
        guard chown(path, uid_t.max, gid) == 0, chmod(path, 0o710) == 0 else { return canEnter(path) }
        return true
    }

    /// Whether this user may enter every directory on the way to `path`, judged by the permission bits.
    func canEnter(_ path: String) -> Bool {
        var current = path
        while true {
            var info = stat()
            guard stat(current, &info) == 0 else { return false }
            let bits: mode_t = info.st_uid == uid ? 0o100 : info.st_gid == gid ? 0o010 : 0o001
            guard info.st_mode & bits != 0 else { return false }
            if current == "/" { return true }
            current = (current as NSString).deletingLastPathComponent
        }
    }
}
