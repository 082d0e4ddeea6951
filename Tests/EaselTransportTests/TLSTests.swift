import EaselBase
import EaselTransport
import Foundation
import Testing

/// Certificates are checked, against a real TLS server: the one of the openssl program.
@Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs the openssl program")
)
struct TLSTests {
    @Test func `only a certificate of a trusted authority and for this host is accepted`() async throws {
        let server = try await onThread { try TLSServer() }
        defer { server.stop() }
        let group = EventLoopGroup(name: "test", count: 1)
        defer { group.shutdown() }
        let url = "https://127.0.0.1:\(server.port)/"

        let strict = HTTPClient(group: group)
        let stranger = await #expect(throws: TransportError.self) {
            _ = try await strict.execute(HTTPRequest(method: "POST", url: url, body: [1]))
        }
        #expect(stranger?.kind == .tls)
        #expect(stranger?.sent == false)

        let trusting = HTTPClient(
            group: group,
            configuration: HTTPClientConfiguration(certificateAuthorityFile: server.certificate.path)
        )
        let response = try await trusting.execute(HTTPRequest(url: url))
        #expect(response.status == 200)
        #expect(response.timings.tls != nil)

        let otherName = "https://localhost:\(server.port)/"
        let wrong = await #expect(throws: TransportError.self) {
            _ = try await trusting.execute(HTTPRequest(url: otherName))
        }
        #expect(wrong?.kind == .tls)
        #expect(wrong?.sent == false)
    }
}

/// `openssl s_server` with a certificate for 127.0.0.1 that signs itself.
struct TLSServer: Sendable {
    let certificate: URL
    let port: UInt16
    private let folder: URL
    private let process: pid_t

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "easel-tls-\(UUID().text)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appending(path: "certificate.pem")
        let key = folder.appending(path: "key.pem").path
        let output = folder.appending(path: "output").path
        let request = try Self.spawn(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=easel test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                "-out", certificate.path,
            ],
            output: output
        )
        var status: Int32 = -1
        waitpid(request, &status, 0)
        try #require(status == 0)
        process = try Self.spawn(
            "/usr/bin/openssl",
            ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate.path, "-key", key, "-www"],
            output: output
        )
        // It says `ACCEPT 127.0.0.1:PORT`.
        var found: UInt16?
        for _ in 0..<3000 where found == nil {
            usleep(10_000)
            let lines = (try? String(contentsOfFile: output, encoding: .utf8))?.split(separator: "\n") ?? []
            let line = lines.first { $0.hasPrefix("ACCEPT") }
            found = line?.split(separator: ":").last.flatMap { UInt16($0) }
        }
        guard let found else {
            kill(process, SIGKILL)
            throw RawSocket.Failure(what: "openssl s_server does not listen", code: 0)
        }
        port = found
    }

    /// Starts the program with its output in a file. Not by Foundation's `Process`, whose waiting and whose select(2)
    /// do not go well with thousands of descriptors in the same test run.
    static func spawn(_ program: String, _ arguments: [String], output: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        let code = posix_spawn(&process, program, &actions, nil, &words, environ)
        guard code == 0 else { throw RawSocket.Failure(what: "posix_spawn", code: code) }
        return process
    }

    func stop() {
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        try? FileManager.default.removeItem(at: folder)
    }
}
