import EaselBase
import Foundation

/// Runs a program to its end. Blocks the calling thread.
///
/// `posix_spawn` rather than Foundation's `Process`, which needs a run loop and leaves the working directory's rights
/// to chance: PostgreSQL's programs run as another user, who may not be able to enter ours.
enum ChildProcess {
    struct Failure: Error {
        let program: String
        /// The exit status; nil when the program could not be started or died of a signal.
        let status: Int32?
        /// The last lines of what it wrote.
        let output: String
    }

    /// Starts `arguments[0]` (a path) with nothing but the environment given and waits. Returns what it wrote to
    /// standard output and standard error.
    @discardableResult
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws(Failure) -> String {
        let program = arguments.first ?? ""
        // A file and not a pipe: a server that the child leaves behind would hold a pipe open for good.
        var template = Array("/tmp/easel-child-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Failure(program: program, status: nil, output: "no temporary file") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
        defer { close(descriptor) }

        // `env -C /`, for the action that would change the directory is not visible to Swift.
        let status = spawnAndWait(["/usr/bin/env", "-C", "/"] + arguments, environment, output: descriptor)
        let output = contents(descriptor)
        guard status == 0 else { throw Failure(program: program, status: status, output: output) }
        return output
    }

    private static func spawnAndWait(
        _ arguments: [String],
        _ environment: [String: String],
        output: Int32
    ) -> Int32? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)

        // The child must not inherit our blocked or ignored signals; a server would keep them.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var variables = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"]
        variables.merge(environment) { $1 }
        var argumentPointers = arguments.map { strdup($0) } + [nil]
        var variablePointers = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer {
            for pointer in argumentPointers + variablePointers { free(pointer) }
        }
        var child: pid_t = 0
        guard posix_spawn(&child, arguments[0], &actions, &attributes, &argumentPointers, &variablePointers) == 0
        else { return nil }
        var state: Int32 = 0
        while waitpid(child, &state, 0) < 0 {
            guard errno == EINTR else { return nil }
        }
        // WIFEXITED and WEXITSTATUS are macros that Swift does not import.
        return state & 0x7F == 0 ? (state >> 8) & 0xFF : nil
    }

    /// At most the last 4 KiB.
    private static func contents(_ descriptor: Int32) -> String {
        let size = lseek(descriptor, 0, SEEK_END)
        let length = Int(min(size, 4096))
        guard length > 0 else { return "" }
        var bytes = [UInt8](repeating: 0, count: length)
        let count = pread(descriptor, &bytes, length, size - off_t(length))
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
