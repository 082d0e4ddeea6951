import EaselBase
import EaselServer
import EaselTransport
import Foundation

/// Takes what alerts send: webhooks over HTTP, and mails over SMTP by a small server in Python.
final class Receiver: Sendable {
    struct Message: Sendable {
        let path: String
        let fields: [(name: String, value: String)]
        let body: [UInt8]

        subscript(name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }

        var json: JSONValue { (try? JSON.decode(JSONValue.self, from: body)) ?? .null }
        var type: String { json["type"]?.stringValue ?? "" }
        var data: JSONValue { json["data"] ?? .null }
    }

    private struct State {
        var messages: [Message] = []
        /// What is answered on each path; 200 where nothing is said.
        var statuses: [String: Int] = [:]
    }

    private let state = Locked(State())
    private let server: HTTPServer
    let port: UInt16

    init() throws {
        let state = self.state
        server = HTTPServer(group: House.group, configuration: HTTPServerConfiguration(), log: .silent) { request in
            let body = (try? await request.body.collect(limit: 1 << 20)) ?? []
            let message = Message(path: request.path, fields: request.fields.pairs, body: body)
            let status = state.withLock { state in
                state.messages.append(message)
                return state.statuses[request.path] ?? 200
            }
            return .text("seen", status: status)
        }
        port = try server.start()
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func answer(_ path: String, _ status: Int) { state.withLock { $0.statuses[path] = status } }

    func messages(_ path: String) -> [Message] { state.withLock { $0.messages.filter { $0.path == path } } }

    func stop() async { await server.drain(grace: .zero) }
}

/// A mail server that keeps what it gets in a file.
final class MailServer: Sendable {
    let port: Int
    private let file: String
    private let child: Child

    /// The whole of RFC 5321 that a client needs to hand over one mail.
    private static let program = """
        import socket, sys
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        while True:
            peer, _ = listener.accept()
            lines = peer.makefile("rb")
            peer.sendall(b"220 test\\r\\n")
            kept = open(sys.argv[1], "ab", buffering=0)
            for line in lines:
                word = line[:4].upper()
                kept.write(line)
                if word == b"DATA":
                    peer.sendall(b"354 go on\\r\\n")
                    for line in lines:
                        kept.write(line)
                        if line == b".\\r\\n":
                            break
                    peer.sendall(b"250 taken\\r\\n")
                elif word == b"QUIT":
                    peer.sendall(b"221 bye\\r\\n")
                    break
                elif b"unknown@" in line:
                    peer.sendall(b"550 no such mailbox\\r\\n")
                else:
                    peer.sendall(b"250 fine\\r\\n")
            peer.close()
        """

    init(directory: String) async throws {
        file = directory + "/mails"
        let output = directory + "/mail-port"
        child = try Child(
            "/usr/bin/env",
            ["python3", "-c", Self.program, file],
            environment: Program.environmentOfTests([:]),
            output: output,
            errors: directory + "/mail-errors"
        )
        var line = ""
        for _ in 0..<3000 where !line.contains("\n") {
            try await Task.sleep(for: .milliseconds(20))
            line = Program.text(output)
        }
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            kill(child.id, SIGKILL)
            throw NoPort(errors: Program.text(directory + "/mail-errors"))
        }
        self.port = port
    }

    struct NoPort: Error { let errors: String }

    /// Every line that clients sent.
    var text: String { Program.text(file) }

    func stop() async {
        kill(child.id, SIGKILL)
        _ = await child.end()
    }
}
