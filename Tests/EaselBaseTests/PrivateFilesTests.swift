import EaselBase
import Foundation
import Testing

/// Files that only their owner may read.
struct PrivateFilesTests {
    private func mode(_ path: String) throws -> Int {
        let value = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        return try #require(value as? Int)
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let root = "/tmp/easel-private-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try body(root)
    }

    @Test func `a folder that is made is private, those above it are not`() throws {
        try withFolder { root in
            try PrivateFiles.makeFolder(root + "/above/data")
            #expect(try mode(root + "/above/data") == 0o700)
            #expect(try mode(root + "/above") & 0o700 == 0o700)
            // What is there is left alone, also by a second call.
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root + "/above/data")
            try PrivateFiles.makeFolder(root + "/above/data")
            #expect(try mode(root + "/above/data") == 0o755)
            #expect(throws: PrivateFiles.Failure.self) { try PrivateFiles.makeFolder("/proc/none/such") }
        }
    }

    @Test func `what was open is closed and named, and nothing else is touched`() throws {
        try withFolder { root in
            let files = FileManager.default
            try files.createDirectory(atPath: root + "/artifacts/2026-11-30", withIntermediateDirectories: true)
            for (name, mode) in [
                ("artifacts/2026-11-30/a.jpg", 0o644), ("admin-key", 0o640), ("journal", 0o600), ("strange", 0o644),
                ("artifacts/tool", 0o755),
            ] {
                let isMade = files.createFile(
                    atPath: "\(root)/\(name)",
                    contents: Data(),
                    attributes: [.posixPermissions: mode]
                )
                #expect(isMade)
            }
            try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root)
            try files.createSymbolicLink(atPath: root + "/artifacts/link", withDestinationPath: root + "/strange")
            let closed = PrivateFiles.close(root, entries: ["artifacts", "admin-key", "journal", "missing"])
            let names = Set(closed.map { $0.dropFirst(root.count) })
            #expect(
                names == [
                    "", "/artifacts", "/artifacts/2026-11-30", "/artifacts/2026-11-30/a.jpg", "/admin-key",
                    "/artifacts/tool",
                ]
            )
            #expect(try mode(root) == 0o700 && mode(root + "/artifacts/2026-11-30") == 0o700)
            #expect(try mode(root + "/artifacts/2026-11-30/a.jpg") == 0o600 && mode(root + "/admin-key") == 0o600)
            #expect(try mode(root + "/artifacts/tool") == 0o700)
            #expect(try mode(root + "/strange") == 0o644, "nobody asked for it, and a link leads to it")
            #expect(PrivateFiles.close(root, entries: ["artifacts", "admin-key", "journal"]).isEmpty)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func `a folder with something of another user stays passable for its group`() throws {
        try withFolder { root in
            try FileManager.default.createDirectory(atPath: root + "/postgres", withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root)
            chown(root + "/postgres", 65_534, 65_534)
            #expect(PrivateFiles.close(root, entries: ["postgres"]) == [root])
            #expect(try mode(root) == 0o710)
            #expect(try mode(root + "/postgres") & 0o055 != 0, "it is not ours")
        }
    }
}
