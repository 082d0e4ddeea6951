import Foundation

/// A process of our own making, with files for its input and output.
///
/// Not Foundation's `Process`: that notices an end by a socket which any other child may have inherited, and then waits
/// for that one too. Files cannot be inherited by accident, and waiting here blocks no thread.
struct Child: Sendable {
    struct Failure: Error { let code: Int32 }

    /// The process's id, for signals.
    let id: pid_t

    /// Starts a program; a nil input is an empty one.
    init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String],
        input: String? = nil,
        output: String,
        errors: String
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + settings { free(word) } }
        var id: pid_t = 0
        let code = posix_spawnp(&id, path, &actions, nil, &words, &settings)
        guard code == 0 else { throw Failure(code: code) }
        self.id = id
    }

    /// Waits for the end: the exit code, or the signal as a negative number. To be called once.
    func end() async -> Int32 {
        var status: Int32 = 0
        while waitpid(id, &status, WNOHANG) == 0 { try? await Task.sleep(for: .milliseconds(5)) }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    }
}
