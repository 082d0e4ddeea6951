import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselLedger

/// One cluster of its own, taken through its life in one test: making it is the slow part.
@Suite(.serialized) struct EmbeddedPostgresTests {
    private var options: EmbeddedPostgres.Options {
        var options = EmbeddedPostgres.Options()
        options.isDurable = false
        options.sharedBuffersMB = 16
        return options
    }

    /// A directory below one that only its owner may enter, as a home directory is.
    private func directory(_ mode: Int) throws -> (root: String, data: String) {
        let root = "/tmp/easel-embedded-\(UUID().text.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: root,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: mode]
        )
        return (root, root + "/data")
    }

    private func pid(_ server: EmbeddedPostgres) -> pid_t? { PostmasterFile(cluster: server.clusterDirectory)?.pid }

    @Test func `a cluster is made, restarted under load, taken over after a crash and stopped`() async throws {
        let (root, data) = try directory(0o755)
        defer { try? FileManager.default.removeItem(atPath: root) }
        var server = try await EmbeddedPostgres.start(dataDirectory: data, log: .silent, options: options)
        #expect(server.isOwner)
        #expect(server.clusterDirectory == data + "/postgres")

        let ledger = try await PostgresLedger.connect(
            connectionString: server.connectionString,
            log: .silent,
            options: PostgresFixture.smallOptions
        )
        // Stopped and started while calls come: with a patient limit none fails.
        let admissions = (0..<40).map { _ in Sample.admission() }
        async let errors = withTaskGroup(of: LedgerError?.self) { group in
            for (index, admission) in admissions.enumerated() {
                group.addTask {
                    try? await Task.sleep(for: .milliseconds(10 * index))
                    return await failure { () async throws(LedgerError) in try await ledger.take(admission) }
                }
            }
            return await group.reduce(into: [LedgerError]()) { if let error = $1 { $0.append(error) } }
        }
        try await Task.sleep(for: .milliseconds(100))
        await server.stop()
        let away = await failure { () async throws(LedgerError) in try await ledger.ping() }
        #expect(away?.isUnavailable == true)
        server = try await EmbeddedPostgres.start(dataDirectory: data, log: .silent, options: options)
        #expect(await errors == [])
        #expect(try await Database.number(server.connectionString, "SELECT count(*) FROM calls") == 40)
        await ledger.close()

        // The gateway dies, its server lives on: the next one takes it over as it is.
        let running = try #require(pid(server))
        let neighbour = try await EmbeddedPostgres.start(dataDirectory: data, log: .silent, options: options)
        #expect(!neighbour.isOwner)
        #expect(pid(neighbour) == running)
        await neighbour.stop()
        #expect(try await Database.number(server.connectionString, "SELECT 1::bigint") == 1)

        // The server is killed, and its number goes to a stranger: neither its files nor the number keep the next away.
        kill(running, SIGKILL)
        #expect(await eventually { kill(running, 0) != 0 || isZombie(running) })
        let lockFile = server.clusterDirectory + "/postmaster.pid"
        let text = try String(contentsOfFile: lockFile, encoding: .utf8)
        let handle = try #require(FileHandle(forUpdatingAtPath: lockFile))
        try handle.truncate(atOffset: 0)
        try handle.write(
            contentsOf: Data(text.replacing("\(running)\n", with: "\(getpid())\n", maxReplacements: 1).utf8)
        )
        try handle.close()
        let again = try await eventuallyStart(data)
        #expect(try await Database.number(again.connectionString, "SELECT count(*) FROM calls") == 40)
        #expect(pid(again) != running)
        await again.stop()
        await server.stop()
        #expect(access(lockFile, F_OK) != 0)
    }

    /// Children of the killed server may need a moment to let its memory go.
    private func eventuallyStart(_ data: String) async throws -> EmbeddedPostgres {
        for _ in 0..<300 {
            if let server = try? await EmbeddedPostgres.start(dataDirectory: data, log: .silent, options: options) {
                return server
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return try await EmbeddedPostgres.start(dataDirectory: data, log: .silent, options: options)
    }

    private func isZombie(_ pid: pid_t) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return status.contains(") Z ")
    }

    @Test(.enabled(if: geteuid() == 0, "only root runs the server as another user"))
    func `below a directory that the server's user may not enter the cluster goes elsewhere, and is found again`()
        async throws
    {
        let (root, data) = try directory(0o700)
        defer { try? FileManager.default.removeItem(atPath: root) }
        let server = try await EmbeddedPostgres.start(dataDirectory: data, log: .silent, options: options)
        let cluster = server.clusterDirectory
        defer { try? FileManager.default.removeItem(atPath: cluster) }
        #expect(!cluster.hasPrefix(root))
        #expect(try await Database.number(server.connectionString, "SELECT 1::bigint") == 1)
        let note = try String(contentsOfFile: data + "/postgres-location", encoding: .utf8)
        #expect(note == cluster + "\n")
        await server.stop()

        // Found by the note even where the directory could be entered by now.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root)
        let place = try ClusterPlace(dataDirectory: data, log: .silent)
        #expect(place.cluster == cluster)
    }

    @Test func `a path too long for a socket gets a short one`() throws {
        let (root, _) = try directory(0o755)
        defer { try? FileManager.default.removeItem(atPath: root) }
        let long = root + "/" + String(repeating: "deep/", count: 20) + "data"
        let place = try ClusterPlace(dataDirectory: long, log: .silent)
        let server = try EmbeddedServer(place: place, options: options, log: .silent)
        #expect((server.socketDirectory + "/.s.PGSQL.5432").utf8.count <= 107)
        let short = try ClusterPlace(dataDirectory: root + "/data", log: .silent)
        #expect(try EmbeddedServer(place: short, options: options, log: .silent).socketDirectory == short.cluster)
    }

    @Test func `a child's output and status come back`() throws {
        #expect(try ChildProcess.run(["/bin/sh", "-c", "echo out; echo err >&2; pwd"]) == "out\nerr\n/\n")
        let failure = #expect(throws: ChildProcess.Failure.self) {
            try ChildProcess.run(["/bin/sh", "-c", "echo why; exit 3"])
        }
        #expect(failure?.status == 3)
        #expect(failure?.output == "why\n")
        #expect(throws: ChildProcess.Failure.self) { try ChildProcess.run(["/no/such/program"]) }
    }
}
