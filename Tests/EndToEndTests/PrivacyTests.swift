import EaselBase
import Foundation
import Testing

/// What lies on disk is its user's alone.
struct PrivacyTests {
    /// Everything below a folder that others may read, write or enter, apart from what belongs to another user.
    private func openPaths(_ folder: String) throws -> [String] {
        var open: [String] = []
        let names = try #require(FileManager.default.enumerator(atPath: folder)).allObjects.compactMap { $0 as? String }
        for name in names {
            var info = stat()
            guard lstat(folder + "/" + name, &info) == 0, info.st_uid == geteuid() else { continue }
            if info.st_mode & 0o077 != 0 { open.append("\(name) \(String(info.st_mode & 0o777, radix: 8))") }
        }
        return open
    }

    private func mode(_ path: String) -> mode_t {
        var info = stat()
        return stat(path, &info) == 0 ? info.st_mode & 0o777 : 0
    }

    @Test(arguments: [false, true])
    func `nothing in the data directory can be read by others, also what an earlier version left`(isEmbedded: Bool)
        async throws
    {
        try await ProgramHouse.with(isEmbedded: isEmbedded) { house in
            let data = house.directory + "/data"
            let old = data + "/artifacts/2026-11-29"
            let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
            try FileManager.default.createDirectory(
                atPath: old,
                withIntermediateDirectories: true,
                attributes: attributes
            )
            for name in ["artifacts/2026-11-29/x-1.jpg", "artifact-secret", "example.jpg"] {
                let secret = Data("0123456789abcdef0123456789abcdef".utf8)
                let isMade = FileManager.default.createFile(
                    atPath: "\(data)/\(name)",
                    contents: secret,
                    attributes: [.posixPermissions: 0o644]
                )
                #expect(isMade)
            }
            let served = try await Served(configuration: house.configuration)
            let answer = try await house.send("POST", served.url + "/v1/remix", body: .object(House.request()))
            #expect(answer.status == 200)
            #expect(try openPaths(data) == [])
            // PostgreSQL's own user has to pass, and nobody else.
            let passable = isEmbedded && geteuid() == 0
            #expect(mode(data) == (passable ? 0o710 : 0o700), "\(String(mode(data), radix: 8))")
            #expect(try FileManager.default.contentsOfDirectory(atPath: data + "/artifacts").count == 2)
            #expect(await served.terminate() == 0)
            #expect(try openPaths(data) == [])
            let log = Program.text(house.configuration + ".log")
            #expect(log.contains("were readable by other users"))
        }
    }
}
