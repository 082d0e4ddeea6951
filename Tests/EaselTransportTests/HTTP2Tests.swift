import EaselBase
import EaselTransport
import Foundation
import Testing
import TestTools

/// What a server over HTTP/2 says of a request that it has not processed (RFC 9113, 8.7), told by a server that is not ours.
@Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: H2Server.isThere, "the h2 package for Python is not there (scripts/python-tools.sh)")
)
struct HTTP2Tests {
    private static func with(_ body: (HTTPClient, String, H2Server) async throws -> Void) async throws {
        let server = try await onThread { try H2Server() }
        defer { server.stop() }
        let group = EventLoopGroup(name: "test", count: 1)
        defer { group.shutdown() }
        let client = HTTPClient(
            group: group,
            configuration: HTTPClientConfiguration(certificateAuthorityFile: server.certificate)
        )
        try await body(client, "https://127.0.0.1:\(server.port)", server)
    }

    /// The connection of the round before may be on its way out when this request is sent on it.
    private static func isServed(_ client: HTTPClient, _ origin: String) async -> Bool {
        await eventually { (try? await client.execute(HTTPRequest(url: origin + "/ok")))?.status == 200 }
    }

    private static func failure(_ client: HTTPClient, _ url: String, body: [UInt8]) async throws -> TransportError {
        let request = HTTPRequest(
            method: "POST",
            url: url,
            body: body,
            timeouts: HTTPTimeouts(connect: .seconds(5), total: .seconds(10))
        )
        let error = await #expect(throws: TransportError.self) { _ = try await client.execute(request) }
        return try #require(error)
    }

    /// The last two on a connection that served another request before, and beside one that is still answered.
    @Test(arguments: ["/refuse", "/refuse-late", "/goaway", "/goaway-late"], [10, 200_000])
    func `a stream that was refused, or lies above the last of a GOAWAY, was not processed`(
        path: String,
        size: Int
    ) async throws {
        try await Self.with { client, origin, _ in
            for isKept in [false, true] {
                if isKept { #expect(await Self.isServed(client, origin)) }
                let error = try await Self.failure(client, origin + path, body: [UInt8](repeating: 1, count: size))
                #expect(error.kind == .notProcessed, "\(error)")
                #expect(!error.sent)
            }
            // The next try is a new one.
            #expect(try await client.execute(HTTPRequest(method: "POST", url: origin + "/ok", body: [1])).status == 200)
        }
    }

    @Test func `beside others on the same connection each has its own fate`() async throws {
        try await Self.with { client, origin, _ in
            #expect(try await client.execute(HTTPRequest(url: origin + "/ok")).status == 200)
            async let slow = client.execute(HTTPRequest(method: "POST", url: origin + "/slow", body: [1, 2]))
            try await Task.sleep(for: .milliseconds(200))
            let refused = try await Self.failure(client, origin + "/goaway-keep", body: [1])
            #expect(refused.kind == .notProcessed, "\(refused)")
            let answer = try await slow
            #expect(answer.status == 200 && answer.body == Array("slow".utf8))
        }
    }

    @Test(arguments: [
        "/reset", "/reset-and-close", "/goaway-own", "/hang-up", "/partial", "/answer-then-refuse",
    ])
    func `whatever may have been processed counts as sent`(path: String) async throws {
        try await Self.with { client, origin, _ in
            for isKept in [false, true] {
                if isKept { #expect(await Self.isServed(client, origin)) }
                let error = try await Self.failure(client, origin + path, body: [1, 2, 3])
                #expect(error.sent, "\(error)")
                #expect(error.kind != .notProcessed)
            }
        }
    }

    @Test func `a request leaves once though its stream is refused`() async throws {
        try await Self.with { client, origin, server in
            _ = try await Self.failure(client, origin + "/refuse-late", body: [UInt8](repeating: 1, count: 5000))
            #expect(server.requests("/refuse-late") == 1)
        }
    }
}

/// A server over TLS and HTTP/2 in Python, with the h2 package: what it does is in the path.
struct H2Server: Sendable {
    let certificate: String
    let port: UInt16
    private let folder: URL
    private let process: pid_t

    private static let packages: String = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder.appending(path: ".build/python").path
    }()

    static var isThere: Bool {
        FileManager.default.fileExists(atPath: packages + "/h2")
            && FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")
            && FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")
    }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "easel-h2-\(UUID().text)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appending(path: "certificate.pem").path
        let output = folder.appending(path: "output").path
        process = try TLSServer.spawn(
            "/usr/bin/python3",
            ["-c", Self.program, folder.path, Self.packages],
            output: output
        )
        var found: UInt16?
        for _ in 0..<1500 where found == nil {
            usleep(10_000)
            let lines = (try? String(contentsOfFile: output, encoding: .utf8))?.split(separator: "\n") ?? []
            found = lines.first { $0.hasPrefix("PORT ") }.flatMap { UInt16($0.dropFirst(5)) }
        }
        guard let found else {
            kill(process, SIGKILL)
            throw RawSocket.Failure(what: "the HTTP/2 server does not listen", code: 0)
        }
        port = found
    }

    /// How many requests for a path it has seen.
    func requests(_ path: String) -> Int {
        let text = (try? String(contentsOfFile: folder.appending(path: "output").path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").count { $0 == "GOT \(path)" }
    }

    func stop() {
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        try? FileManager.default.removeItem(at: folder)
    }

    private static let program = #"""
        import socket, ssl, subprocess, sys, threading, time
        folder = sys.argv[1]
        sys.path.insert(0, sys.argv[2])
        import h2.config, h2.connection, h2.events

        subprocess.run(["/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=easel test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder + "/key.pem",
            "-out", folder + "/certificate.pem"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + "/certificate.pem", folder + "/key.pem")
        context.set_alpn_protocols(["h2"])
        listener = socket.create_server(("127.0.0.1", 0))
        print("PORT", listener.getsockname()[1], flush=True)
        HEAD = [(":status", "200")]

        class Connection:
            def __init__(self, plain):
                self.socket = context.wrap_socket(plain, server_side=True)
                self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
                self.lock = threading.RLock()
                self.paths = {}

            def flush(self):
                self.socket.sendall(self.h2.data_to_send())

            def answer(self, stream, text):
                self.h2.send_headers(stream, HEAD + [("content-length", str(len(text)))])
                self.h2.send_data(stream, text, end_stream=True)

            def later(self, stream, text, seconds):
                time.sleep(seconds)
                with self.lock:
                    self.answer(stream, text)
                    self.flush()

            def goaway(self, last):
                # By hand, so that the connection goes on for the streams below.
                self.flush()
                self.socket.sendall(b"\0\0\x08\x07\0\0\0\0\0" + last.to_bytes(4, "big") + b"\0\0\0\0")

            def began(self, stream, path):
                if path == "/refuse":
                    self.h2.reset_stream(stream, error_code=7)
                elif path == "/goaway":
                    self.goaway(stream - 2 if stream > 1 else 0)
                    raise EOFError
                elif path == "/goaway-keep":
                    # libcurl repeats a refused request whose body it has not begun, on a connection where it is the first.
                    self.goaway(stream - 2 if stream > 1 else 0)

            def whole(self, stream, path):
                if path in ("/ok", "/"):
                    self.answer(stream, b"ok")
                elif path == "/slow":
                    threading.Thread(target=self.later, args=(stream, b"slow", 1.0), daemon=True).start()
                elif path == "/refuse-late":
                    self.h2.reset_stream(stream, error_code=7)
                elif path == "/goaway-late":
                    self.goaway(stream - 2 if stream > 1 else 0)
                    raise EOFError
                elif path == "/goaway-own":
                    self.goaway(stream)
                    raise EOFError
                elif path == "/reset":
                    self.h2.reset_stream(stream, error_code=2)
                elif path == "/reset-and-close":
                    self.h2.reset_stream(stream, error_code=2)
                    self.flush()
                    self.socket.unwrap()
                    raise EOFError
                elif path == "/hang-up":
                    self.socket.close()
                    raise EOFError
                elif path == "/partial":
                    self.h2.send_headers(stream, HEAD + [("content-length", "10")])
                    self.h2.send_data(stream, b"ab")
                    self.flush()
                    self.h2.reset_stream(stream, error_code=2)
                elif path == "/answer-then-refuse":
                    self.h2.send_headers(stream, HEAD + [("content-length", "10")])
                    self.flush()
                    time.sleep(0.1)
                    self.h2.reset_stream(stream, error_code=7)

            def run(self):
                self.h2.initiate_connection()
                self.flush()
                while True:
                    data = self.socket.recv(65536)
                    if not data:
                        return
                    with self.lock:
                        for event in self.h2.receive_data(data):
                            if isinstance(event, h2.events.RequestReceived):
                                path = dict((k.decode() if isinstance(k, bytes) else k, v.decode() if isinstance(v, bytes) else v)
                                            for k, v in event.headers)[":path"]
                                print("GOT", path, flush=True)
                                self.paths[event.stream_id] = path
                                self.began(event.stream_id, path)
                            elif isinstance(event, h2.events.DataReceived):
                                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                            elif isinstance(event, h2.events.StreamEnded):
                                self.whole(event.stream_id, self.paths[event.stream_id])
                        self.flush()

        def serve(plain):
            try:
                connection = Connection(plain)
                connection.run()
            except Exception:
                pass
            finally:
                # What is not read would make the system send a reset, which takes with it what was not received yet.
                try:
                    connection.socket.settimeout(1)
                    while connection.socket.recv(65536):
                        pass
                except Exception:
                    pass
                plain.close()

        while True:
            plain, _ = listener.accept()
            threading.Thread(target=serve, args=(plain,), daemon=True).start()
        """#
}
