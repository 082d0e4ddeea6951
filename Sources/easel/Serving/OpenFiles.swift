import Foundation

/// How many files and connections the system lets this process have.
enum OpenFiles {
    /// Files, journal, database and the sockets of the loops.
    private static let set_aside = 256

    /// The limit of connections that can be kept: each call may take one more to its provider. Without room for them the
    /// system would refuse connections by itself, health checks too, and images could not be written.
    static func connections(wanted: Int) -> Int {
        connections(wanted: wanted, openFiles: limit)
    }

    /// The same, for a given limit of open files.
    static func connections(wanted: Int, openFiles: Int) -> Int {
        min(wanted, max(64, (openFiles - set_aside) / 2))
    }

    /// The limit in force.
    static var limit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }
}
